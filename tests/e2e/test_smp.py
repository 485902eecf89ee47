# SPDX-License-Identifier: MIT
"""Several CPUs: dom0 on all of them, a guest with more vCPUs than CPUs, and vCPUs that come and go under load."""

import re

import pytest

from conftest import on
from trouble import trouble

# As `make -j4` does: many short processes, pipes, files; each worker says how far it is. Beside it what udev does on
# other systems: a vCPU that has appeared is brought online.
BUILD_LOAD = """\
    cd /tmp
    while sleep 1; do
        grep -l 0 /sys/devices/system/cpu/cpu*/online 2>/dev/null | while read file; do
            echo 1 >$file
        done
    done &
    work() {
        n=0
        while true; do
            for i in 1 2 3 4 5 6; do
                head -c 60000 /bin/busybox | sha256sum | cut -c1-16 >w$1.$i
            done
            cat w$1.* | sort | uniq -c | gzip -c | gunzip -c >o$1
            n=$((n + 1))
            echo "worker $1 round $n on $(grep -c ^processor /proc/cpuinfo)"
        done
    }
    for w in 1 2 3 4; do
        work $w &
    done
    wait
    """


def rounds(log):
    """Worker -> rounds done."""
    done = {}
    for worker, count in re.findall(r"worker (\d) round (\d+)", log):
        done[worker] = max(done.get(worker, 0), int(count))
    return done


@on("shoji", "shoji-4")
def test_dom0_uses_every_cpu(platform):
    cpus = int(platform.info("nr_cpus"))
    assert int(platform.ok("nproc")) == cpus
    # Each one is given work, and does it.
    before = [int(n) for n in re.findall(r"^cpu\d+ (\d+)", platform.ok("cat /proc/stat"), re.M)]
    platform.ok(f"for i in $(seq {cpus * 2}); do (timeout 5 sh -c 'while :; do :; done' || true) & done; wait")
    after = [int(n) for n in re.findall(r"^cpu\d+ (\d+)", platform.ok("cat /proc/stat"), re.M)]
    assert len(after) == cpus
    assert all(b - a > 30 for a, b in zip(before, after)), (before, after)
    assert not trouble(platform.console())


@pytest.fixture
def busy_guest(dom0):
    """A Linux guest with four vCPUs that builds."""
    image = "/var/lib/xen/images/smp.img"
    dom0.disk(image, guest__sh=BUILD_LOAD)
    dom0.ok("xl create " + dom0.config("smp", vcpus=4, memory=192, extra="console=hvc0 guest.sh=guest.sh",
                                       disk=[f"{image},raw,xvda,w"]))
    dom0.wait_guest("smp", "worker 4 round 1 on 4", 120)
    return "smp"


def set_vcpus(dom0, name, count, of):
    """Asks the guest's kernel to use count of its vCPUs, as xl vcpu-set does."""
    domid = dom0.domains()[name]
    for vcpu in range(1, of):
        state = "online" if vcpu < count else "offline"
        dom0.ok(f"xenstore-write /local/domain/{domid}/cpu/{vcpu}/availability {state}")


def test_vcpus_come_and_go_under_load(dom0, busy_guest):
    for count in (1, 4, 2, 3, 1, 4):
        set_vcpus(dom0, busy_guest, count, 4)
        at = len(dom0.guest_log(busy_guest))
        dom0.wait(lambda: re.search(f"round \\d+ on {count}\\b", dom0.guest_log(busy_guest)[at:]),
                  f"{count} vCPUs", 60)
    before = rounds(dom0.guest_log(busy_guest))
    dom0.wait(lambda: all(n > before[w] for w, n in rounds(dom0.guest_log(busy_guest)).items()),
              "progress of all workers", 60)
    assert not trouble(dom0.guest_log(busy_guest))
    assert not trouble(dom0.console())


def test_a_busy_guest_dies_without_a_trace(dom0, busy_guest):
    dom0.ok(f"xl destroy {busy_guest}")
    before = dom0.snapshot()
    path = dom0.config("smp2", vcpus=4, extra="console=hvc0 guest.run="
                       "for,i,in,1,2,3,4;do,(while,true;do,true|true;done)&,done;echo,up;wait")
    for seconds in (4, 6, 8):
        dom0.ok(f"xl create {path}; sleep {seconds}; xl destroy smp2")
    dom0.assert_unchanged(before)
