# SPDX-License-Identifier: MIT
"""PV guests on our runtime: the ABI's answers on Shoji and on Debian's Xen, and guests that misbehave."""

import difflib
import re

import pytest

from conftest import on
from trouble import trouble

answers = {}  # (guest, platform) -> lines


def run_to_end(dom0, guest, extra="", limit=60):
    """Runs a guest until it has powered off; returns its console."""
    name = guest.replace("test-", "")
    dom0.ok("xl create " + dom0.config(name, kernel=f"/root/guests/{guest}", ramdisk=None, memory=16, extra=extra,
                                       on_poweroff="destroy", on_crash="preserve"))
    dom0.wait(lambda: name not in dom0.domains() or crashed(dom0, name), f"the end of {guest}", limit)
    log = dom0.guest_log(name)
    assert not crashed(dom0, name), f"{guest} has crashed:\n{log[-2000:]}"
    return log.replace("\r", "")


def crashed(dom0, name):
    """True if xl list shows the guest as crashed."""
    return re.search(rf"^{name} +\d+ +\d+ +\d+ +[^ ]*c[^ ]* ", dom0.ok("xl list"), re.M) is not None


def compare(guest, platform, lines):
    """All platforms seen so far must have answered alike."""
    answers[guest, platform] = lines
    ours, theirs = answers.get((guest, "shoji")), answers.get((guest, "debian-xen"))
    if ours and theirs:
        difference = list(difflib.unified_diff(theirs, ours, "Debian's Xen", "Shoji", lineterm="", n=0))
        assert not difference, "\n".join(difference)


@on("shoji", "debian-xen")
def test_hello_prints_the_same_everywhere(platform):
    log = run_to_end(platform, "hello")
    assert "Hello from a guest" in log
    compare("hello", platform.name, log.splitlines())


@pytest.mark.parametrize("guest", ["test-abi-memory", "test-abi-cpu", "test-abi-events"])
@on("shoji", "debian-xen")
def test_abi_answers_are_the_same(platform, guest):
    log = run_to_end(platform, guest)
    assert "cases done" in log, log[-2000:]
    lines = [line for line in log.splitlines() if line.startswith("case ")]
    assert len(lines) >= 5
    compare(guest, platform.name, lines)


@pytest.fixture
def witness(dom0):
    """A Linux guest that must not notice what its neighbours do."""
    dom0.ok("xl create " + dom0.config("witness", extra="console=hvc0 ip=10.77.0.9/24 guest.run="
                                       "while,true;do,echo,alive;sleep,1;done", vif=["bridge=xenbr0"]))
    dom0.wait_guest("witness", "^alive")
    yield
    seen = dom0.guest_log("witness").count("alive")
    dom0.wait(lambda: dom0.guest_log("witness").count("alive") >= seen + 3, "the witness to go on", 20)
    dom0.ok("ping -c 3 10.77.0.9")
    log = dom0.guest_log("witness")
    assert not re.search("BUG:|Oops|Call Trace", log), log[-3000:]


def start_hostile(dom0, mode, extra=""):
    """Starts the hostile guest."""
    dom0.ok("xl create " + dom0.config("hostile", kernel="/root/guests/test-hostile", ramdisk=None, memory=16,
                                       extra=f"mode={mode} {extra}", on_crash="preserve", on_poweroff="preserve"))


@pytest.mark.parametrize("mode", ["fault", "triple"])
def test_a_guest_that_faults_is_stopped_alone(dom0, witness, mode):
    before = dom0.snapshot()
    start_hostile(dom0, mode)
    dom0.wait(lambda: crashed(dom0, "hostile"), "state c in xl list")
    dom0.ok("xl destroy hostile")
    dom0.assert_unchanged(before)


@pytest.mark.parametrize("mode", ["spin", "storm"])
def test_a_guest_that_loops_leaves_time_to_others(dom0, witness, mode):
    before = dom0.snapshot()
    start_hostile(dom0, mode)
    dom0.ok("for i in 1 2 3 4 5; do xl list >/dev/null || exit; sleep 1; done")
    seen = dom0.guest_log("witness").count("alive")
    dom0.wait(lambda: dom0.guest_log("witness").count("alive") >= seen + 5, "the witness to go on", 20)
    dom0.ok("xl destroy hostile")
    dom0.assert_unchanged(before)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nonsense_hypercalls_are_refused(dom0, witness, seed):
    before = dom0.snapshot()
    start_hostile(dom0, "fuzz", f"seed={seed} count=30000")
    dom0.wait(lambda: "fuzz: done" in dom0.guest_log("hostile") or crashed(dom0, "hostile"),
              "the end of the hypercalls", 60)
    dom0.ok("xl destroy hostile")
    dom0.assert_unchanged(before)


def test_twenty_small_guests_at_once(dom0):
    before = dom0.snapshot()
    for i in range(20):
        dom0.ok("xl create " + dom0.config(f"crowd{i}", kernel="/root/guests/test-hostile", ramdisk=None, memory=8,
                                           extra="mode=none", on_crash="preserve"))
    dom0.wait(lambda: all(crashed(dom0, f"crowd{i}") for i in (0, 10, 19)), "their end")
    assert len(dom0.domains()) == 21
    for i in range(20):
        dom0.ok(f"xl destroy crowd{i}")
    dom0.assert_unchanged(before)


@pytest.mark.parametrize("seed", [1, 2])
def test_racing_vcpus_leave_no_reference(dom0, witness, seed):
    before = dom0.snapshot()
    dom0.ok("xl create " + dom0.config("races", kernel="/root/guests/test-races", ramdisk=None, memory=16, vcpus=4,
                                       extra=f"seed={seed} count=15000", on_crash="preserve",
                                       on_poweroff="preserve"))
    log = dom0.wait_guest("races", "races: (all|FAILED)|still in use", 120)
    assert "all references came back" in log, log[-2000:]
    assert log.count("were refused") == 4
    dom0.ok("xl destroy races")
    dom0.assert_unchanged(before)
    assert not trouble(dom0.console())
