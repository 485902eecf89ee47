# SPDX-License-Identifier: MIT
"""CPU time that CPU-bound guests get: by weight, by cap, by affinity; and what a guest that mostly sleeps notices."""

import re

import pytest

SECONDS = 30  # of each measurement
SHARE_ERROR = 0.03
CAP_ERROR = 3  # points


def measure(dom0, names, seconds=SECONDS):
    """Domain name -> CPUs' worth of time that it gets."""
    out = dom0.ok(f"cut -d' ' -f1 /proc/uptime; xl list; sleep {seconds}; cut -d' ' -f1 /proc/uptime; xl list",
                  seconds + 30)
    times = [float(line) for line in out.splitlines() if re.fullmatch(r"[\d.]+", line)]
    used = {name: [float(t) for t in re.findall(rf"^{name} .* ([\d.]+)$", out, re.M)] for name in names}
    return {name: (after - before) / (times[1] - times[0]) for name, (before, after) in used.items()}


@pytest.fixture
def hogs(dom0):
    """A function that starts guests whose vCPU 0 spins, as {name: settings}."""
    def start(guests):
        for name, settings in guests.items():
            dom0.ok("xl create " + dom0.config(name, kernel="/root/guests/test-hostile", ramdisk=None, memory=16,
                                               extra="mode=spin", **settings))
        return list(guests)
    return start


def test_weights_on_one_cpu(dom0, hogs):
    weights = {"light": 256, "heavy": 512, "light2": 256, "heaviest": 1024}
    used = measure(dom0, hogs({n: {"cpu_weight": w, "cpus": "1"} for n, w in weights.items()}))
    total = sum(used.values())
    assert total > 0.8, used
    for name, weight in weights.items():
        assert used[name] / total == pytest.approx(weight / sum(weights.values()), abs=SHARE_ERROR), used


def test_weights_across_cpus(dom0, hogs):
    weights = {"a": 256, "b": 256, "c": 512}
    used = measure(dom0, hogs({n: {"cpu_weight": w} for n, w in weights.items()}))
    total = sum(used.values())
    assert total > 1.6, used
    # c alone has as much weight as a CPU's worth.
    for name, weight in weights.items():
        assert used[name] / total == pytest.approx(weight / sum(weights.values()), abs=SHARE_ERROR), used


def test_weights_can_be_changed(dom0, hogs):
    names = hogs({"one": {"cpus": "1"}, "two": {"cpus": "1"}})
    dom0.ok("xl sched-credit2 -d two -w 768")
    used = measure(dom0, names)
    assert used["two"] / sum(used.values()) == pytest.approx(0.75, abs=SHARE_ERROR), used


@pytest.mark.parametrize("cap", [20, 55])
def test_cap_holds_on_an_idle_host(dom0, hogs, cap):
    used = measure(dom0, hogs({"capped": {"cap": cap}}))
    assert 100 * used["capped"] == pytest.approx(cap, abs=CAP_ERROR), used


def test_affinity(dom0, hogs):
    names = hogs({"left": {"cpus": "0"}, "right": {"cpus": "1"}, "right2": {"cpus": "1"}})
    used = measure(dom0, names)
    # dom0 takes a little of CPU 0; the two on CPU 1 share it though CPU 0 has only one hog.
    assert used["right"] == pytest.approx(used["right2"], abs=SHARE_ERROR), used
    assert used["right"] < 0.55 and used["left"] > 0.75, used
    dom0.ok("xl vcpu-pin right2 0 0")
    used = measure(dom0, names)
    assert used["right"] > 0.85 and used["left"] < 0.55, used


def test_a_guest_that_sleeps_answers_at_once_beside_hogs(dom0, hogs):
    dom0.ok("xl create " + dom0.config("sleeper", cpus="1", extra="console=hvc0 ip=10.77.0.40/24 guest.run="
                                       "echo,up;sleep,100000", vif=["bridge=xenbr0"]))
    dom0.wait_guest("sleeper", "^up")

    def quartile_ms():
        times = sorted(float(t) for t in re.findall(r"time=([\d.]+) ms",
                                                    dom0.ok("ping -c 40 -i 0.2 -W 5 10.77.0.40")))
        assert len(times) == 40
        return times[10]
    dom0.ok("ping -c 3 10.77.0.40")
    alone = quartile_ms()
    hogs({"hog1": {"cpus": "1"}, "hog2": {"cpus": "1"}, "hog3": {"cpus": "1"}})
    beside = quartile_ms()
    # Without preference it would wait for up to three turns of 5 ms at each wake-up.
    assert beside < alone + 4, (alone, beside)
