# SPDX-License-Identifier: MIT
"""The table and the JSON of `make bench`."""

import json
import statistics

from targets import BENCHMARKS, reached, target_text

SYSTEMS = ("shoji", "xen", "bare")


def quotient(values, name):
    """Ours to Xen's."""
    ours, theirs = (values.get(system, {}).get(name) for system in ("shoji", "xen"))
    return ours / theirs if ours and theirs else None


def wall_quotient(values, name):
    """The median over rounds that ran next to each other."""
    pairs = zip(values.get("shoji", {}).get(name, []), values.get("xen", {}).get(name, []))
    ratios = [ours / theirs for ours, theirs in pairs]
    return statistics.median(ratios) if ratios else None


def rows(names, values, cpus):
    """A dictionary for each benchmark: the first CPU model by icount in full, the others and the wall clock as ratios."""
    icount, wall = values.get("icount", {}), values.get("wall", {})
    result = []
    for benchmark in (b for b in BENCHMARKS if b.name in names):
        name, first = benchmark.name, icount.get(cpus[0], {})
        row = {"name": name, "unit": benchmark.unit, "limit": benchmark.limit, "target": benchmark.target}
        row.update({system: first.get(system, {}).get(name) for system in SYSTEMS})
        row["ratio"] = quotient(first, name)
        row["reached"] = reached(benchmark, row["shoji"], row["ratio"])
        row["target_text"] = target_text(benchmark)
        row["other_ratios"] = {cpu: quotient(icount.get(cpu, {}), name) for cpu in cpus[1:]}
        row["wall_ratio"] = wall_quotient(wall.get(cpus[0], {}), name)
        result.append(row)
    return result


def number(value):
    """Four digits or so."""
    if value is None:
        return "-"
    if value >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def table(all_rows, cpus):
    """Aligned columns."""
    head = ["benchmark", "unit", "Shoji", "Xen 4.17", "bare", "ratio", "target", "reached",
            *(f"ratio {cpu}" for cpu in cpus[1:]), "ratio wall"]
    lines = [head]
    for row in all_rows:
        lines.append([row["name"], row["unit"], *(number(row[system]) for system in SYSTEMS), number(row["ratio"]),
                      row["target_text"], {True: "yes", False: "NO", None: "-"}[row["reached"]],
                      *(number(value) for value in row["other_ratios"].values()), number(row["wall_ratio"])])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [f"icount, -cpu {cpus[0]} (1 ns = 1 instruction); ratios are Shoji's to Xen's"]
    for line in lines:
        text.append("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                              for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
    judged = [row["reached"] for row in all_rows if row["reached"] is not None]
    text.append(f"{sum(judged)} of {len(judged)} targets reached")
    return "\n".join(text)


def as_json(all_rows, values, failures):
    """The rows as in the table, everything measured behind them, and what failed."""
    return json.dumps({"rows": all_rows, "measured": values,
                       "failed": [{"machine": what, "error": error} for what, error in failures]}, indent=1) + "\n"
