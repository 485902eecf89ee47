# SPDX-License-Identifier: MIT
"""dom0's tools: what they print, and that every mistake gives one clear error and leaves nothing behind."""

import re

import pytest

from conftest import on


def test_services_run(dom0):
    processes = dom0.ok("ps -o comm")
    for name in ("xenstored", "xld", "consoled", "blkback", "netback"):
        assert name in processes.split(), f"{name} does not run"


def test_bridge_is_there(dom0):
    assert "inet 10.77.0.1/24" in dom0.ok("ip address show xenbr0")


@on("shoji", "debian-xen")
def test_xl_info(platform):
    out = platform.ok("xl info")
    for key in ("host", "release", "machine", "nr_cpus", "total_memory", "free_memory", "xen_version",
                "xen_caps", "xen_scheduler", "xen_pagesize"):
        assert re.search(rf"^{key} *: \S", out, re.M), f"no {key} in\n{out}"
    assert "xen-3.0-x86_64" in out
    assert 1900 < int(platform.info("total_memory")) <= 2048


def test_xl_list_shows_dom0(dom0):
    lines = dom0.ok("xl list").splitlines()
    assert lines[0].split() == ["Name", "ID", "Mem", "VCPUs", "State", "Time(s)"]
    assert re.match(r"Domain-0 +0 +\d+ +2 +r----- +\d+\.\d", lines[1])


def test_xl_dmesg_shows_the_hypervisors_log(dom0):
    assert re.search("dom0|Dom0|domain 0", dom0.ok("xl dmesg"))


def test_domid_and_domname(dom0):
    dom0.ok("xl create -p " + dom0.config("named"))
    domid = dom0.ok("xl domid named").strip()
    assert int(domid) == dom0.domains()["named"]
    assert dom0.ok(f"xl domname {domid}").strip() == "named"


def test_xl_help_lists_every_command(dom0):
    out = dom0.ok("xl help")
    for name in ("create", "list", "console", "pause", "unpause", "shutdown", "reboot", "destroy", "info",
                 "dmesg", "domid", "domname", "vcpu-list", "vcpu-pin", "vcpu-set", "sched-credit2", "cpupool-list",
                 "cpupool-create", "cpupool-destroy", "cpupool-rename", "cpupool-cpu-add", "cpupool-cpu-remove",
                 "cpupool-migrate", "cpupool-numa-split"):
        assert re.search(rf"^\s*{name}\s", out, re.M), f"{name} is not in\n{out}"


def test_xenstore_tools(dom0):
    dom0.ok("xenstore-write /t/a one /t/b two")
    assert dom0.ok("xenstore-read /t/a /t/b") == "one\ntwo\n"
    assert dom0.ok("xenstore-list /t").split() == ["a", "b"]
    assert '/t/a = "one"' in dom0.ok("xenstore-ls -f /t")
    dom0.ok("xenstore-exists /t/a")
    assert dom0.run("xenstore-exists /t/c").status != 0
    dom0.ok("xenstore-chmod /t/a n0 r5")
    assert "n0,r5" in dom0.ok("xenstore-ls -f -p /t").replace(" ", "")
    out = dom0.ok("xenstore-watch -n 2 /t >/tmp/watch & sleep 1; xenstore-write /t/a three; wait; "
                  "cat /tmp/watch")
    assert out.split() == ["/t", "/t/a"]
    dom0.ok("xenstore-rm /t")
    assert dom0.run("xenstore-read /t/a").status != 0


def test_xenstore_has_the_standard_tree(dom0):
    image = "/var/lib/xen/images/tree.img"
    dom0.disk(image)
    dom0.ok("xl create -p " + dom0.config("tree", disk=[f"{image},raw,xvda,w"], vif=["bridge=xenbr0"]))
    domid = dom0.domains()["tree"]
    store = dom0.ok("xenstore-ls -f")
    for path in ("name", "domid", "vm", "memory/target", "console/ring-ref", "console/port", "store/ring-ref",
                 "store/port", "control/shutdown", "device/vbd/51712/backend", "device/vif/0/mac",
                 "cpu/0/availability"):
        assert f"/local/domain/{domid}/{path} = " in store, path
    for path in ("frontend", "frontend-id", "online", "state", "params", "mode", "device-type"):
        assert f"/local/domain/0/backend/vbd/{domid}/51712/{path} = " in store, path
    for path in ("frontend", "mac", "bridge", "handle"):
        assert f"/local/domain/0/backend/vif/{domid}/0/{path} = " in store, path


# Bad input. Each: what is wrong, the configuration (or command), words of the message.

LINUX = "/boot/vmlinuz"
BAD_CONFIGS = {
    "missing kernel": ({"kernel": "/boot/no-such-kernel"}, ["/boot/no-such-kernel", "No such file"]),
    "corrupt kernel": ({"kernel": "/root/bad/corrupt"}, ["/root/bad/corrupt"]),
    "truncated kernel": ({"kernel": "/root/bad/truncated"}, ["/root/bad/truncated"]),
    "empty kernel": ({"kernel": "/root/bad/empty"}, ["/root/bad/empty"]),
    "kernel without PV support": ({"kernel": "/bin/busybox"}, ["/bin/busybox", "PV|Xen"]),
    "missing ramdisk": ({"ramdisk": "/root/bad/nothing"}, ["/root/bad/nothing", "No such file"]),
    "ramdisk too large": ({"ramdisk": "/root/bad/large"}, ["ramdisk", "400 MiB|large"]),
    "more memory than is free": ({"memory": 900000}, ["memory", "900000|free"]),
    "no memory": ({"memory": 0}, ["memory"]),
    "misspelled key": ({"memroy": 128}, ["memroy", "memory"]),
    "unknown key": ({"flavour": "sweet"}, ["flavour"]),
    "missing disk image": ({"disk": ["/root/bad/nothing,raw,xvda,w"]}, ["/root/bad/nothing", "No such file"]),
    "malformed disk": ({"disk": ["nonsense=1,xvda"]}, ["nonsense"]),
    "bridge that does not exist": ({"vif": ["bridge=nobridge"]}, ["nobridge"]),
    "malformed mac": ({"vif": ["mac=00:16:3e:zz:00:01"]}, ["mac|MAC", "zz"]),
    "bad action": ({"on_crash": "explode"}, ["on_crash", "explode"]),
    "zero vcpus": ({"vcpus": 0}, ["vcpus"]),
}


def make_bad_files(dom0):
    """Files for BAD_CONFIGS."""
    dom0.ok(f"""
        [ -d /root/bad ] && exit
        mkdir /root/bad
        head -c 3000000 {LINUX} >/root/bad/truncated
        cp {LINUX} /root/bad/corrupt
        dd if=/dev/zero of=/root/bad/corrupt bs=4096 seek=1000 count=50 conv=notrunc 2>/dev/null
        : >/root/bad/empty
        truncate -s 400M /root/bad/large""")


def assert_clear_error(result, words):
    """One message with all of these words, and a status that is not 0."""
    assert result.status not in (0, 137), result.out
    lines = [line for line in result.out.splitlines() if line.strip() and not line.startswith("Parsing config")]
    # One line that says it; what follows, indented, may show where.
    assert len([line for line in lines if not line[0].isspace()]) == 1, f"not one message:\n{result.out}"
    for word in words:
        assert re.search(word, result.out), f"{word} is not in:\n{result.out}"


@pytest.mark.parametrize("what", BAD_CONFIGS)
def test_bad_config_gives_a_clear_error_and_leaves_nothing(dom0, what):
    settings, words = BAD_CONFIGS[what]
    make_bad_files(dom0)
    before = dom0.snapshot()
    result = dom0.run("xl create " + dom0.config("bad", **settings), 120)
    assert_clear_error(result, words)
    dom0.assert_unchanged(before)


@pytest.mark.parametrize("text", ['disk = [ "a', 'name = "x', "memory =", "memory = 128 128", "= 5", "disk = [ 'a',"])
def test_truncated_config(dom0, text):
    before = dom0.snapshot()
    dom0.write("/root/cut.cfg", f'kernel = "{LINUX}"\n{text}\n')
    assert_clear_error(dom0.run("xl create /root/cut.cfg"), ["cut.cfg", "[23]"])
    dom0.assert_unchanged(before)


def test_missing_config(dom0):
    assert_clear_error(dom0.run("xl create /root/nothing.cfg"), ["/root/nothing.cfg", "No such file"])


def test_duplicate_name(dom0):
    path = dom0.config("twin")
    dom0.ok(f"xl create -p {path}")
    before = dom0.snapshot()
    assert_clear_error(dom0.run(f"xl create {path}"), ["twin"])
    dom0.assert_unchanged(before)


def test_disk_in_use_for_writing(dom0):
    image = "/var/lib/xen/images/shared.img"
    dom0.disk(image)
    dom0.ok("xl create -p " + dom0.config("first", disk=[f"{image},raw,xvda,w"]))
    before = dom0.snapshot()
    assert_clear_error(dom0.run("xl create " + dom0.config("second", disk=[f"{image},raw,xvda,w"])),
                       [image, "first|use"])
    dom0.assert_unchanged(before)


@pytest.mark.parametrize("command,domain", [
    *((command, domain) for command in ("destroy", "pause", "unpause", "shutdown", "reboot", "console")
      for domain in ("nosuch", "4321")), ("domid", "nosuch"), ("domname", "4321")])
def test_domain_that_does_not_exist(dom0, command, domain):
    assert_clear_error(dom0.run(f"xl {command} {domain}"), [domain])


def test_unknown_command(dom0):
    assert_clear_error(dom0.run("xl creat x"), ["creat"])


@pytest.mark.parametrize("command", ["create", "destroy", "console", "domid"])
def test_missing_argument(dom0, command):
    assert dom0.run(f"xl {command}").status not in (0, 137)


def test_unknown_option(dom0):
    assert dom0.run("xl list --frobnicate").status not in (0, 137)


def test_destroying_dom0_is_refused(dom0):
    assert_clear_error(dom0.run("xl destroy 0"), ["0|Domain-0"])
    dom0.ok("xl list")
