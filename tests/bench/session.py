# SPDX-License-Identifier: MIT
"""
One run of `make bench`: which machines it boots for the benchmarks that are wanted, and what they gave.

Results by icount are kept in BUILD/bench/kept.json, so that a run on one hypervisor can show the other's.
"""

import hashlib
import json
import sys
import time

import machines
import report
from targets import BY_NAME

WHERES = ("guest", "linux", "memory", "boot", "work", "size")


class Session:
    """values[clock][cpu][system][name]; system is shoji, xen or bare; the wall clock's values are lists, by round."""

    def __init__(self, build, root, only, hypervisors, smoke=False):
        self.smoke = smoke
        self.effort = machines.SMOKE if smoke else machines.FULL
        self.tree = machines.Tree(build)
        self.root = root
        self.hypervisors = hypervisors
        self.names = {where: [n for n in only if BY_NAME[n].where == where] for where in WHERES}
        self.values = {}
        self.failures = []
        self.lines = None
        self.kept_file = self.tree.build / "bench" / "kept.json"
        self.kept = json.loads(self.kept_file.read_text()) if self.kept_file.exists() else {}

    def attempt(self, what, function, *arguments):
        """Boots a machine; a failure is noted, and the rest goes on."""
        start = time.monotonic()
        print(f"bench: {what} ...", end="", file=sys.stderr, flush=True)
        try:
            values = function(self.tree, *arguments)
        except machines.Failed as error:
            print(" FAILED", file=sys.stderr)
            self.failures.append((what, str(error)))
            return error.values
        print(f" {time.monotonic() - start:.0f} s", file=sys.stderr)
        return values

    def put(self, clock, cpu, system, values):
        """Notes results."""
        self.values.setdefault(clock, {}).setdefault(cpu, {}).setdefault(system, {}).update(values)

    def count_instructions(self, cpu):
        """Everything that repeats exactly: by icount, once."""
        for system in self.hypervisors:
            if any(self.names[where] for where in ("guest", "linux", "memory")):
                self.keep(cpu, system, self.attempt(f"{system} {cpu} icount: guests", machines.guests, system, cpu,
                                                    "icount", self.names, self.effort))
        for system in self.hypervisors + ([] if self.smoke else ["bare"]):
            if self.names["boot"]:
                self.keep(cpu, system, self.attempt(f"{system} {cpu} icount: dom0's start", machines.boot, system,
                                                    cpu, "icount"))
        if self.names["linux"] and not self.smoke:
            self.keep(cpu, "bare", self.attempt(f"bare {cpu} icount: Linux", machines.bare_linux, cpu, "icount",
                                                self.names["linux"], self.effort))

    def interleave(self, cpu, rounds):
        """The wall clock: rounds of all hypervisors in turn."""
        for number in range(rounds):
            for system in self.hypervisors:
                values = self.attempt(f"{system} {cpu} wall clock, round {number + 1} of {rounds}: guests",
                                      machines.guests, system, cpu, "wall", dict(self.names, memory=[]), machines.WALL)
                if self.names["boot"]:
                    values.update(self.attempt(f"{system} {cpu} wall clock, round {number + 1} of {rounds}: "
                                               "dom0's start", machines.boot, system, cpu, "wall"))
                kept = self.values.setdefault("wall", {}).setdefault(cpu, {}).setdefault(system, {})
                for name, value in values.items():
                    kept.setdefault(name, []).append(value)

    def two_cpus(self, cpu):
        """The work of two guests on two CPUs."""
        for system in self.hypervisors:
            if self.names["work"]:
                self.put("icount", cpu, system, self.attempt(f"{system} {cpu} wall clock: two CPUs", machines.work,
                                                             system, cpu, self.effort))

    def sizes(self):
        """What needs no machine."""
        if not self.names["size"]:
            return
        kib, lines = machines.sizes(self.tree, self.root)
        kib["shoji"]["source_lines"] = lines
        for cpu in self.values.get("icount", {"qemu64": None}):
            for system, values in kib.items():
                self.put("icount", cpu, system, {n: v for n, v in values.items() if n in self.names["size"]})

    # What earlier runs gave.

    def inputs(self, system):
        """Changes when results of that system may."""
        files = [self.tree.guest, self.tree.linux_bench, self.tree.vmlinuz]
        if system != "bare":
            files.append(self.tree.hypervisors[system])
        digest = hashlib.sha256()
        for path in files:
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    def keep(self, cpu, system, values):
        """For later runs, and for this one."""
        self.put("icount", cpu, system, values)
        if self.smoke:
            return
        entry = self.kept.setdefault(f"{system} {cpu}", {})
        if entry.get("inputs") != self.inputs(system):
            entry.clear()
            entry.update(inputs=self.inputs(system), values={})
        entry["values"].update(values)

    def recall(self, cpu):
        """What this run does not measure by icount, and an earlier one has."""
        wanted = [name for where in ("guest", "linux", "memory", "boot") for name in self.names[where]]
        for system in ("shoji", "xen", "bare"):
            entry = self.kept.get(f"{system} {cpu}", {})
            if entry.get("inputs") == self.inputs(system):
                now = self.values.get("icount", {}).get(cpu, {}).get(system, {})
                old = {name: value for name, value in entry["values"].items() if name in wanted}
                self.put("icount", cpu, system, {**old, **now})

    def finish(self, cpus):
        """Prints the table, writes the JSON; the exit status."""
        self.kept_file.parent.mkdir(parents=True, exist_ok=True)
        self.kept_file.write_text(json.dumps(self.kept, indent=1, sort_keys=True))
        rows = report.rows([n for where in WHERES for n in self.names[where]], self.values, cpus)
        print(report.table(rows, cpus))
        (self.tree.build / "bench.json").write_text(report.as_json(rows, self.values, self.failures))
        return self.show_failures()

    def finish_smoke(self, cpu):
        """Prints a line for each benchmark, with its number or without; the exit status."""
        values = self.values.get("icount", {}).get(cpu, {}).get("shoji", {})
        for name in (n for where in WHERES for n in self.names[where]):
            value = values.get(name, 0)
            print(f"{'ok   ' if value > 0 else 'FAIL '} {name} {value:g} {BY_NAME[name].unit}")
        return self.show_failures()

    def show_failures(self):
        """What went wrong with which machine; the exit status."""
        for what, error in self.failures:
            print(f"FAILED: {what}: {error}")
        return 1 if self.failures else 0
