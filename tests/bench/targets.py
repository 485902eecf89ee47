# SPDX-License-Identifier: MIT
"""
Every benchmark by name: what runs it, what it counts, and the target, in one place.

A target is a ratio to Xen 4.17 by icount, unless its kind says otherwise.
"""

import collections

# where: guest (the benchmark guest), linux (the Linux guest), boot (a minimal dom0), size (files), work (two CPUs)
# unit: ns, s, MiB, KiB, lines, times
# limit: "ratio" to Xen, "at most" in the unit, "at least" in the unit, or None
Benchmark = collections.namedtuple("Benchmark", "name where unit limit target")


def ratio(name, where, target, unit="ns"):
    """A benchmark whose target is a ratio; None: only reported."""
    return Benchmark(name, where, unit, "ratio" if target else None, target)


BENCHMARKS = [
    ratio("null_hypercall", "guest", 0.6),
    ratio("multicall_32", "guest", 0.6),
    ratio("syscall_bounce", "guest", 0.75),
    ratio("page_fault_bounce", "guest", 0.75),
    ratio("update_va_mapping", "guest", 0.8),
    ratio("mmu_update_128", "guest", 0.8),
    ratio("pin_l1", "guest", 0.8),
    ratio("pin_l4", "guest", 0.8),
    ratio("event_self", "guest", 0.75),
    ratio("event_pingpong", "guest", 0.75),
    ratio("context_switch", "guest", None),
    ratio("yield_switch", "guest", None),
    ratio("timer_idle", "guest", None),
    ratio("timer_busy", "guest", None),
    ratio("grant_map_1", "guest", 0.7),
    ratio("grant_map_32", "guest", 0.7),
    ratio("grant_copy_1", "guest", 0.7),
    ratio("grant_copy_32", "guest", 0.7),
    ratio("linux_syscall", "linux", None),
    ratio("linux_fork_exit", "linux", None),
    ratio("linux_fork_exec", "linux", 0.85),
    ratio("linux_mmap_fault", "linux", None),
    ratio("linux_pipe", "linux", None),
    ratio("dom0_init", "boot", 0.75, "s"),
    Benchmark("memory_used", "memory", "MiB", "at most", 14),
    Benchmark("image_size", "size", "KiB", "at most", 600),
    Benchmark("source_lines", "size", "lines", None, None),
    Benchmark("two_cpus", "work", "times", "at least", 1.9),
]

BY_NAME = {b.name: b for b in BENCHMARKS}


def reached(benchmark, ours, quotient):
    """True or False; None if there is no target or nothing to compare it with."""
    if benchmark.limit == "ratio":
        return None if quotient is None else quotient <= benchmark.target
    if benchmark.limit is None or ours is None:
        return None
    return ours <= benchmark.target if benchmark.limit == "at most" else ours >= benchmark.target


def target_text(benchmark):
    """As the table shows it."""
    if benchmark.limit is None:
        return "-"
    sign = ">=" if benchmark.limit == "at least" else "<="
    if benchmark.limit == "ratio":
        return f"{sign} {benchmark.target:g}"
    return f"{sign} {benchmark.target:g} {benchmark.unit}"
