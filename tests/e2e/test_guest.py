# SPDX-License-Identifier: MIT
"""A Linux guest's life: disk, network, console, pause, reboot, crash, and what is left of it."""

import re

import pytest

from conftest import on

GUEST_SCRIPT = """\
    set -e
    echo "read: $(cat hello.txt)"
    echo "kept by the disk" >written.txt
    cd /
    umount /mnt
    mount /dev/xvda /mnt
    echo "read back: $(cat /mnt/written.txt)"
    ping -c 5 10.77.0.1
    echo "script ends"
    exec sleep 100000
    """


def linux_with_devices(dom0, name="linux", **settings):
    """Starts a guest with a disk and a network interface that runs GUEST_SCRIPT."""
    image = f"/var/lib/xen/images/{name}.img"
    dom0.disk(image, hello__txt="hello from the image\n", guest__sh=GUEST_SCRIPT)
    values = {
        "extra": "console=hvc0 ip=10.77.0.2/24 guest.sh=guest.sh",
        "disk": [f"format=raw,vdev=xvda,access=rw,target={image}"],
        "vif": ["mac=00:16:3e:00:00:02,bridge=xenbr0"],
    }
    values.update(settings)
    path = dom0.config(name, **values)
    dom0.ok(f"xl create {path}")
    return path


@on("shoji", "debian-xen", "debian-tools")
def test_linux_guest_with_disk_and_network(platform):
    linux_with_devices(platform, kernel="/boot/vmlinuz") # a bzImage; the other tests take the faster ELF
    assert "linux" in platform.domains()
    log = platform.wait_guest("linux", "script ends")
    assert re.search(r"Linux version 6\.", log)
    assert "read: hello from the image" in log
    assert "read back: kept by the disk" in log
    assert "5 packets transmitted, 5 packets received, 0% packet loss" in log
    platform.ok("ping -c 3 10.77.0.2")


def test_what_a_guest_wrote_is_in_the_image(dom0):
    linux_with_devices(dom0)
    dom0.wait_guest("linux", "script ends")
    dom0.ok("xl destroy linux")
    out = dom0.ok("mount -o loop /var/lib/xen/images/linux.img /mnt && cat /mnt/written.txt; umount /mnt")
    assert out == "kept by the disk\n"


def test_twenty_create_destroy_cycles_leave_nothing(dom0):
    path = linux_with_devices(dom0)
    dom0.wait_guest("linux", "script ends")
    dom0.ok("xl destroy linux")
    before = dom0.snapshot()
    for _ in range(20):
        dom0.ok(f"xl create {path}")
        dom0.ok("xl destroy linux")
    dom0.assert_unchanged(before)


def test_cycles_at_any_point_of_the_guests_boot_leave_nothing(dom0):
    path = linux_with_devices(dom0)
    dom0.ok("xl destroy linux")
    before = dom0.snapshot()
    for seconds in (1, 3, 5, 7):
        dom0.ok(f"xl create {path}; sleep {seconds}; xl destroy linux")
    dom0.assert_unchanged(before)


def test_guest_powers_off_by_itself(dom0):
    before = dom0.snapshot()
    dom0.ok("xl create " + dom0.config("off", extra="console=hvc0 guest.run=true"))
    dom0.wait(lambda: "off" not in dom0.domains(), "the guest's domain to go", 60)
    dom0.assert_unchanged(before)


def test_xl_shutdown(dom0):
    before = dom0.snapshot()
    dom0.ok("xl create " + dom0.config("down", extra="console=hvc0 guest.run=echo,up;sleep,1000"))
    dom0.wait_guest("down", r"^up")
    # The guest has no init that takes SIGINT or an acpid: Linux runs /sbin/poweroff itself.
    dom0.ok("xl shutdown -w down", 60)
    dom0.wait(lambda: "down" not in dom0.domains(), "the domain to go", 20)
    dom0.assert_unchanged(before)


def test_xl_reboot_gives_a_new_domain_with_the_same_config(dom0):
    dom0.ok("xl create " + dom0.config("again", extra="console=hvc0 guest.run=echo,up;sleep,1000"))
    first = dom0.domains()["again"]
    dom0.wait_guest("again", r"^up")
    dom0.ok("xl reboot again")
    dom0.wait(lambda: dom0.domains().get("again", first) != first, "a new domain", 60)
    dom0.wait(lambda: len(re.findall(r"^up", dom0.guest_log("again"), re.M)) == 2, "its second boot", 60)


@pytest.mark.parametrize("action,stays", [("destroy", False), ("preserve", True), ("restart", True)])
def test_on_crash(dom0, action, stays):
    dom0.ok("xl create " + dom0.config("crash", on_crash=action, extra="console=hvc0 panic=1 "
                                       "guest.run=echo,up;echo,c,>/proc/sysrq-trigger"))
    first = dom0.domains()["crash"]
    dom0.wait_guest("crash", "sysrq: Trigger a crash")
    if action == "restart":
        dom0.wait(lambda: dom0.domains().get("crash", first) != first, "a new domain", 60)
    elif stays:
        dom0.wait(lambda: re.search(r"^crash .* \S*c\S* ", dom0.ok("xl list"), re.M),
                  "state c in xl list", 60)
    else:
        dom0.wait(lambda: "crash" not in dom0.domains(), "the domain to go", 60)


def test_pause_and_unpause(dom0):
    dom0.ok("xl create -p " + dom0.config("still", extra="console=hvc0 guest.run="
                                          "while,true;do,echo,tick;sleep,1;done"))
    assert re.search(r"^still\s.*--p", dom0.ok("xl list"), re.M)
    dom0.ok("xl unpause still")
    dom0.wait_guest("still", "tick")
    dom0.ok("xl pause still; sleep 1")
    ticks = dom0.guest_log("still").count("tick")
    dom0.ok("sleep 4")
    assert dom0.guest_log("still").count("tick") == ticks
    dom0.ok("xl unpause still")
    dom0.wait(lambda: dom0.guest_log("still").count("tick") > ticks, "ticks after xl unpause", 20)


def test_two_guests_reach_each_other(dom0):
    dom0.ok("xl create " + dom0.config("one", extra="console=hvc0 ip=10.77.0.11/24 guest.run=sleep,1000",
                                       vif=["bridge=xenbr0"]))
    dom0.ok("xl create " + dom0.config("two", extra="console=hvc0 ip=10.77.0.12/24 "
                                       "guest.run=sleep,8;ping,-c,5,10.77.0.11;echo,done;sleep,1000",
                                       vif=["bridge=xenbr0"]))
    log = dom0.wait_guest("two", "^done")
    assert " 0% packet loss" in log


def test_read_only_disk_stays_as_it_was(dom0):
    image = "/var/lib/xen/images/ro.img"
    dom0.disk(image, hello__txt="hello\n")
    digest = dom0.ok(f"md5sum {image}")
    dom0.ok("xl create " + dom0.config("ro", extra="console=hvc0 guest.run="
                                       "mount,-o,ro,/dev/xvda,/mnt;cat,/mnt/hello.txt;"
                                       "dd,if=/dev/zero,of=/dev/xvda,bs=4k,count=1;"
                                       "echo,status,$?;sleep,1000",
                                       disk=[f"{image},raw,xvda,r"]))
    log = dom0.wait_guest("ro", "^status [0-9]")
    assert "hello" in log
    assert not re.search("^status 0", log, re.M)
    dom0.ok("xl destroy ro")
    assert dom0.ok(f"md5sum {image}") == digest


def test_a_block_device_as_disk(dom0):
    image = "/var/lib/xen/images/phy.img"
    dom0.disk(image, hello__txt="by way of a loop device\n")
    loop = dom0.ok("losetup -f").strip()
    dom0.ok(f"losetup {loop} {image}")
    try:
        dom0.ok("xl create " + dom0.config("phy", extra="console=hvc0 guest.run=mount,/dev/xvda,/mnt;"
                                           "cat,/mnt/hello.txt;sleep,1000", disk=[f"phy:{loop},xvda,w"]))
        dom0.wait_guest("phy", "by way of a loop device")
    finally:
        dom0.run(f"xl destroy phy; losetup -d {loop}")


@pytest.mark.parametrize("mib", [128, 300])
def test_memory_of_the_config_is_what_the_guest_has(dom0, mib):
    dom0.ok("xl create " + dom0.config("mem", memory=mib, extra="console=hvc0 guest.run="
                                       "grep,MemTotal,/proc/meminfo;sleep,1000"))
    total = int(re.search(r"MemTotal: +(\d+) kB", dom0.wait_guest("mem", "MemTotal: +\\d+ kB")).group(1))
    # The kernel keeps the rest for itself.
    assert 0.6 * mib < total / 1024 < mib
    assert re.search(rf"^mem +\d+ +{mib} +1 ", dom0.ok("xl list"), re.M)
