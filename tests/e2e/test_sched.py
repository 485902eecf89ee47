# SPDX-License-Identifier: MIT
"""Where and how much guests run: affinity, the number of vCPUs, weights and caps, CPU pools; also after a reboot."""

import re

import pytest

from conftest import on
from test_tools import assert_clear_error

BOTH = ("shoji", "debian-xen")
# A vCPU that has appeared is brought online, as udev does on other systems.
RUNNING = ("console=hvc0 guest.run=echo,up,$(nproc);while,sleep,1;do,echo,1,>/sys/devices/system/cpu/cpu1/online;"
           "echo,has,$(nproc);done,2>/dev/null")


def paused(platform, name="still", **settings):
    """A guest that does not run yet; its name."""
    platform.ok("xl create -p " + platform.config(name, **settings))
    return name


def affinities(platform, name):
    """vCPU -> (hard, soft), from xl vcpu-list."""
    rows = platform.ok(f"xl vcpu-list {name}").splitlines()[1:]
    found = (re.fullmatch(r"\S+ +\d+ +(\d+) +[\d-]+ +\S+ +\d+\.\d  (\S+) / (\S+)", row) for row in rows)
    return {int(m[1]): (m[2], m[3]) for m in found}


def shares(platform, name):
    """Weight and cap, from xl sched-credit2."""
    row = platform.ok(f"xl sched-credit2 -d {name}").splitlines()[1].split()
    assert row[0] == name
    return int(row[2]), int(row[3])


def availability(platform, name):
    """What xenstore says of each of its vCPUs."""
    domid = platform.domains()[name]
    return re.findall(r"cpu/\d+/availability = \"(\w+)\"", platform.ok(f"xenstore-ls -f /local/domain/{domid}"))


@on(*BOTH)
def test_vcpu_list(platform):
    paused(platform, vcpus=2, maxvcpus=3)
    lines = platform.ok("xl vcpu-list").splitlines()
    assert lines[0] == "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)"
    assert len(lines) == 1 + 2 + 3
    assert re.fullmatch(r"Domain-0 {24} {5}0 {5}\d {4}\d   (r-|-b|--)- +\d+\.\d  all / all", lines[1])
    assert re.fullmatch(r"still {27} +\d+ {5}0 {4}\d   --- {7}0\.0  all / all", lines[3])
    assert re.fullmatch(r"still {27} +\d+ {5}1    -   --p {7}0\.0  all / all", lines[4])
    assert availability(platform, "still") == ["online", "online", "offline"]
    assert platform.ok("xl vcpu-list still").splitlines() == [lines[0], *lines[3:]]
    result = platform.run("xl vcpu-list still nosuch")
    assert result.status == 1 and "nosuch" in result.out and result.out.count("still") == 3


@on(*BOTH)
def test_vcpu_pin(platform):
    paused(platform, vcpus=2)
    for words, expected in [("0 1", ("1", "all")), ("0 - 0", ("1", "0")), ("0 all,^0 1", ("1", "1")),
                            ("0 node:0,^1 -", ("0", "1")), ("0 0-9 all", ("all", "all"))]:
        platform.ok(f"xl vcpu-pin still {words}")
        assert affinities(platform, "still") == {0: expected, 1: ("all", "all")}, words
    platform.ok("xl vcpu-pin still all 1 0")
    assert affinities(platform, "still") == {0: ("1", "0"), 1: ("1", "0")}
    platform.ok("xl vcpu-pin --force still 1 all all")
    assert affinities(platform, "still") == {0: ("1", "0"), 1: ("all", "all")}
    for words, message in [("0 2", "CPU 2"), ("0 0,7", "CPU 7"), ("2 0", "vCPU 2"), ("x 0", '"x"'), ("0 x", '"x"'),
                           ("0 ^0", "leaves no CPU"), ("0 1-0", '"1-0"'), ("0 0 node:9", "node 9"), ("0 ''", "no CPU")]:
        assert_clear_error(platform.run(f"xl vcpu-pin still {words}"), ["still", message])
    assert affinities(platform, "still") == {0: ("1", "0"), 1: ("all", "all")}


@on("shoji")
def test_a_pinned_vcpu_runs_there_only(platform):
    platform.ok("xl create " + platform.config("pinned", vcpus=2, cpus=["1", "0"], extra="console=hvc0 guest.run="
                "for,i,in,1,2;do,(while,true;do,true;done)&,done;echo,hot;sleep,1000"))
    platform.wait_guest("pinned", r"\nhot")
    where = set()
    for _ in range(6):
        rows = platform.ok("xl vcpu-list pinned").splitlines()[1:]
        where |= {(row.split()[2], row.split()[3]) for row in rows}
    assert where == {("0", "1"), ("1", "0")}
    platform.ok("xl vcpu-pin pinned 1 1; sleep 1")
    rows = platform.ok("xl vcpu-list pinned").splitlines()[1:]
    assert [row.split()[3] for row in rows] == ["1", "1"]


def lives(platform, name):
    """What a guest that runs RUNNING has written since each of its starts."""
    return re.split("^up ", platform.guest_log(name), flags=re.M)[1:]


@on("shoji")
def test_vcpu_set_and_a_reboot(platform):
    platform.ok("xl create " + platform.config("sized", vcpus=2, cpu_weight=300, cap=150, extra=RUNNING))
    platform.wait_guest("sized", "up 2")
    platform.ok("xl vcpu-set sized 1")
    platform.wait_guest("sized", "has 1")
    assert availability(platform, "sized") == ["online", "offline"]
    for words, message in [("sized 3", "sized: .* at most"), ("sized 0", "sized: .* 1 to 2"), ("sized x", 'sized: "x"'),
                           ("sized -- -1", 'sized: "-1"'), ("-i sized 3", "sized: .* at most"), ("nosuch 1", "nosuch"),
                           ("0 3", "Domain-0: .* dom0_max_vcpus")]:
        assert_clear_error(platform.run(f"xl vcpu-set {words}"), [message])
    # What was changed while it ran holds after its reboot too.
    platform.ok("xl vcpu-pin sized 1 1 0; xl sched-credit2 -d sized -w 77")
    assert shares(platform, "sized") == (77, 150)
    domid = platform.domains()["sized"]
    platform.ok("xl reboot sized")
    platform.wait(lambda: platform.domains().get("sized", domid) != domid, "the reboot")
    assert availability(platform, "sized") == ["online", "offline"]
    assert affinities(platform, "sized") == {0: ("all", "all"), 1: ("1", "0")}
    assert shares(platform, "sized") == (77, 150)
    platform.wait(lambda: any("has 1" in life for life in lives(platform, "sized")[1:]), "one vCPU", 90)
    platform.ok("xl vcpu-set sized 2")
    platform.wait(lambda: "has 2" in lives(platform, "sized")[-1].rpartition("has 1")[2], "the second vCPU", 60)


@on(*BOTH)
def test_sched_credit2(platform):
    paused(platform, vcpus=2)
    lines = platform.ok("xl sched-credit2").splitlines()
    assert re.fullmatch(r"Cpupool Pool-0: ratelimit=\d+us", lines[0])
    assert lines[1] == "Name                                ID Weight  Cap"
    assert lines[2] == "Domain-0                             0    256    0"
    assert re.fullmatch(r"still {28} +\d+    256    0", lines[3])
    assert platform.ok("xl sched-credit2 -d still").splitlines() == [lines[1], lines[3]]
    assert platform.ok("xl sched-credit2 -s") == lines[0] + "\n"
    platform.ok("xl sched-credit2 -d still -w 65535")
    platform.ok("xl sched-credit2 --domain=still --cap=200")
    assert shares(platform, "still") == (65535, 200)
    platform.ok("xl sched-credit2 -d still -w 1 -c 0")
    for words, message in [("-d still -w 0", "1 to 65535"), ("-d still -w 65536", "1 to 65535"),
                           ("-d still -w x", "weight x"), ("-d still -c 201", "0 to 200"), ("-d still -c -1", "cap -1"),
                           ("-d nosuch", "nosuch"), ("-w 3", "-d"), ("-p nopool", "nopool"),
                           ("-s -r 99", "100 to 500000"), ("-s -r 500001", "100 to 500000")]:
        assert_clear_error(platform.run(f"xl sched-credit2 {words}"), [message])
    assert shares(platform, "still") == (1, 0)
    assert_clear_error(platform.run("xl sched-credit -d still"), ["Pool-0", "credit2"])


@on(*BOTH)
def test_config_keys(platform):
    platform.ok("xl create -p " + platform.config("placed", vcpus=2, cpus=["1", "0-1,^0"], cpus_soft="0-1",
                                                  cpu_weight=512, cap=50, pool="Pool-0"))
    assert affinities(platform, "placed") == {0: ("1", "all"), 1: ("1", "all")}
    assert shares(platform, "placed") == (512, 50)
    assert re.search(r'"weight": 512,\s+"cap": 50', platform.ok("xl list -l placed"))
    platform.ok("xl destroy placed")
    # More entries than vCPUs are not looked at; vCPUs without one may run anywhere.
    platform.ok("xl create -p " + platform.config("placed", vcpus=1, cpus=["0", "7"]))
    platform.ok("xl create -p " + platform.config("other", vcpus=2, cpus=["0"]))
    assert affinities(platform, "placed") == {0: ("0", "all")}
    assert affinities(platform, "other") == {0: ("0", "all"), 1: ("all", "all")}


def test_bad_configs(dom0):
    before = dom0.snapshot()
    for settings, words in [
            ({"cpus": "2"}, ["cpus", "CPU 2", "0-1"]),
            ({"cpus": ["0", "9"], "vcpus": 2}, ["cpus", "CPU 9"]),
            ({"cpus": "one"}, ["cpus", '"one"']),
            ({"cpus_soft": "node:4"}, ["cpus_soft", "node 4"]),
            ({"cpu_weight": 0}, ["cpu_weight", "1 to 65535"]),
            ({"cpu_weight": 65536}, ["cpu_weight", "1 to 65535"]),
            ({"cap": 101}, ["cap", "0 to 100"]),
            ({"pool": "nopool"}, ["nopool"]),
            ({"pool": "7"}, ['"7"']),
            ({"vcpus": 129}, ["vcpus", "1 to 128"]),
            ({"vcpus": 3, "maxvcpus": 2}, ["maxvcpus"])]:
        assert_clear_error(dom0.run("xl create " + dom0.config("bad", **settings)), words)
    dom0.assert_unchanged(before)


@pytest.fixture
def pools(platform):
    """Pool-0 has every CPU again afterwards, and is alone."""
    yield platform
    platform.destroy_all()
    for line in platform.ok("xl cpupool-list").splitlines()[2:]:
        platform.ok(f"xl cpupool-destroy {line.split()[0]}")
    platform.run("xl cpupool-cpu-add 0 all; xl cpupool-rename 0 Pool-0")
    assert platform.ok("xl cpupool-list -c").splitlines()[1:] == ["Pool-0             0,1"]


@on(*BOTH)
def test_cpupools(platform, pools):
    before = platform.ok("xenstore-ls -f /local/pool")
    assert platform.ok("xl cpupool-list") == ("Name               CPUs   Sched     Active   Domain count\n"
                                              "Pool-0               2   credit2       y          1\n")
    platform.ok("xl cpupool-cpu-remove Pool-0 1")
    assert platform.ok("""xl cpupool-create 'name="p1"' 'sched="credit2"' 'cpus=["1"]'""") == (
        'Using config file "command line"\ncpupool name:   p1\nscheduler:      credit2\nnumber of cpus: 1\n')
    assert platform.ok("xl cpupool-list -c") == ("Name               CPU list\n"
                                                 "Pool-0             0\n"
                                                 "p1                 1\n")
    platform.ok("xl create -p " + platform.config("born", pool="p1", vcpus=2))
    platform.ok("xl create -p " + platform.config("moved", cpu_weight=99))
    platform.ok("xl cpupool-migrate moved p1; xl unpause moved; xl cpupool-rename p1 fast")
    assert platform.ok("xl cpupool-list fast").splitlines()[1].split() == ["fast", "1", "credit2", "y", "2"]
    assert shares(platform, "moved") == (99, 0)
    assert re.search(r"^moved .* fast$", platform.ok("xl list -c"), re.M)
    assert re.search(r"Cpupool Pool-0: .*\n.*\nDomain-0 .*\nCpupool fast: .*\n.*\nborn .*\nmoved ",
                     platform.ok("xl sched-credit2"))
    # Where it was moved to is where it starts again.
    platform.wait_guest("moved", "guest: script starts|Run /init", 60)
    domid = platform.domains()["moved"]
    platform.ok("xl reboot moved", 90)
    platform.wait(lambda: platform.domains().get("moved", domid) != domid, "the reboot")
    assert re.search(r"^moved .* fast$", platform.ok("xl list -c"), re.M)
    assert shares(platform, "moved") == (99, 0)
    platform.ok("xl destroy moved; xl cpupool-migrate born Pool-0; xl cpupool-destroy fast; xl destroy born")
    platform.ok("xl cpupool-cpu-add Pool-0 all")
    assert platform.ok("xenstore-ls -f /local/pool") == before


@on(*BOTH)
def test_cpupool_errors(platform, pools):
    platform.ok("xl cpupool-cpu-remove Pool-0 1")
    platform.ok("""xl cpupool-create 'name="p1"' 'cpus="1"'""")
    paused(platform, pool="p1")
    before = platform.snapshot(), platform.ok("xl cpupool-list -c")
    for words, messages in [
            ("cpupool-destroy Pool-0", ["Pool-0", "domain 0"]),
            ("cpupool-destroy p1", ["p1", "1 domain", "cpupool-migrate"]),
            ("cpupool-destroy nopool", ["nopool"]),
            ("cpupool-cpu-remove p1 1", ["p1", "last CPU", "1 domain"]),
            ("cpupool-cpu-remove Pool-0 all", ["Pool-0", "last CPU"]),
            ("cpupool-cpu-remove p1 0", ["p1", "CPU 0 is not in it"]),
            ("cpupool-cpu-add p1 0", ["p1", "CPU 0 is in pool Pool-0"]),
            ("cpupool-cpu-add p1 1", ["p1", "has CPU 1 already"]),
            ("cpupool-cpu-add p1 5", ["p1", "CPU 5"]),
            ("cpupool-cpu-add p1 all", ["p1", "free"]),
            ("cpupool-cpu-add 9 0", ['"9"']),
            ("cpupool-rename p1 Pool-0", ["Pool-0"]),
            ("cpupool-rename p1 7", ['"7"', "number"]),
            ("cpupool-migrate 0 p1", ["domain 0", "Pool-0"]),
            ("cpupool-migrate still nopool", ["nopool"]),
            ("cpupool-numa-split", ["2 pools"]),
            ("vcpu-pin still 0 0", ["still", "CPUs 0", "p1", "CPU 1"]),
            ("""cpupool-create 'name="p1"'""", ["p1"]),
            ("""cpupool-create 'name="p2"' 'cpus="0"'""", ["p2", "CPU 0", "Pool-0"]),
            ("""cpupool-create 'name="p2"' 'sched="fast"'""", ["fast"]),
            ("""cpupool-create 'nodes=["0"]'""", ["name"])]:
        assert_clear_error(platform.run(f"xl {words}"), messages)
    result = platform.run("xl create -p " + platform.config("bad", pool="p1", cpus="0"))
    assert_clear_error(result, ["bad", "CPUs 0", "p1", "CPU 1"])
    assert (platform.snapshot(), platform.ok("xl cpupool-list -c")) == before


@on(*BOTH)
def test_cpupool_numa_split(platform, pools):
    platform.ok("xl cpupool-cpu-remove Pool-0 1; xl cpupool-numa-split")
    assert platform.ok("xl cpupool-list -c").splitlines()[1:] == ["Pool-node0         0,1"]


@on("debian-tools")
def test_debians_xl(platform):
    paused(platform, vcpus=2, cpus=["1", "0-1"], cpu_weight=512)
    assert affinities(platform, "still") == {0: ("1", "all"), 1: ("all", "all")}
    assert shares(platform, "still") == (512, 0)
    platform.ok("xl vcpu-pin still 1 0 1; xl sched-credit2 -d still -c 40; xl vcpu-set still 1")
    assert affinities(platform, "still")[1] == ("0", "1")
    assert shares(platform, "still") == (512, 40)
    assert availability(platform, "still") == ["online", "offline"]
    platform.ok("""
        xl cpupool-cpu-remove Pool-0 1
        xl cpupool-create 'name="p1"' 'cpus=["1"]'
        xl cpupool-migrate still p1""")
    assert platform.ok("xl cpupool-list -c").splitlines()[1:] == ["Pool-0             0", "p1                 1"]
    assert platform.ok("xl cpupool-list p1").splitlines()[1].split() == ["p1", "1", "credit2", "y", "1"]
    platform.ok("xl cpupool-migrate still Pool-0; xl cpupool-destroy p1; xl cpupool-cpu-add Pool-0 1")
    assert platform.ok("xl cpupool-list -c").splitlines()[1:] == ["Pool-0             0,1"]
