#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare our ABI headers with a reference set.

What to compare is found mechanically in our headers: macros from the preprocessor's output, types,
fields and enumerators from debug information. From that list one C program is generated that
prints every value; it is compiled once with each set of headers, and the outputs must be equal.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# Names that are ours alone, with no counterpart in the reference headers.
OURS_ONLY = re.compile(
    r"^(PUBLIC_\w+_H"  # include guards
    r"|u?int64_aligned_t"  # macros there
    r")$"
)
# Macros that stand for something other than a value.
NOT_A_VALUE = {"xenpf_settime"}
# Values that the reference headers show to the hypervisor only.
HYPERVISOR_ONLY = {"XEN_EINTR", "XEN_ERESTART"}
# Macros with arguments, at sample points.
CALLS = [
    "XENMEMF_address_bits(31)",
    "XENMEMF_get_address_bits(0x1234)",
    "XENMEMF_node(3)",
    "XENMEMF_get_node(0x1234)",
    "XENMEMF_exact_node(2)",
    "XEN_CPUID_LEAF(4)",
    "XEN_DOMCTL_GRANT_version(0x12)",
    "MASK_XENSTORE_IDX(1025)",
    "xen_pfn_to_cr3(0x12345)",
    "xen_cr3_to_pfn(0x12345678)",
    "xen_vcpu_physid_to_x86_apicid(0x1234567890ULL)",
    "xen_vcpu_physid_to_x86_acpiid(0x1234567890ULL)",
    "__CONST_RING_SIZE(blkif, 4096)",
    "__CONST_RING_SIZE(blkif, 65536)",
    "__CONST_RING_SIZE(netif_tx, 4096)",
    "__CONST_RING_SIZE(netif_rx, 4096)",
]

PROLOGUE = """
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
"""

MAIN = """
#define IS_STRING(x) _Generic((x), char *: 1, default: 0)
static void value(const char *name, const char *text, long long number)
{
	if (text)
		printf("%s \\"%s\\"\\n", name, text);
	else
		printf("%s %lld\\n", name, number);
}
#define VALUE(name) value(#name, __builtin_choose_expr(IS_STRING(name), (name), NULL), \\
	__builtin_choose_expr(IS_STRING(name), 0, (long long)(name)))
#define SIZE(type) printf("sizeof(%s) %zu\\n", #type, sizeof(type))
#define FIELD(type, path) printf("%s.%s at %zu size %zu\\n", #type, #path, offsetof(type, path), \\
	sizeof(((type *)0)->path))
int main(void)
{
"""


def run(command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **kwargs)
    if done.returncode:
        sys.exit(f"abi: {' '.join(map(str, command))} failed:\n{done.stderr[:8000]}")
    return done.stdout


def macros_of(cc, source, include, root):
    """Names of the object-like macros with a body that are defined below root."""
    text = run([cc, "-E", "-dD", f"-I{include}", str(source)])
    inside = False
    names = set()
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            inside = marker.group(1).startswith(str(root))
            continue
        define = re.match(r"#define (\w+) (\S.*)$", line)
        if inside and define:
            names.add(define.group(1))
    return names


class Debug:
    """The types in an object file, from readelf's listing of its debug information."""

    def __init__(self, obj):
        self.dies = {}
        self.roots = []
        stack = []
        die = None
        for line in run(["readelf", "--debug-dump=info", "--wide", str(obj)]).splitlines():
            head = re.match(r"\s*<([0-9a-f]+)><([0-9a-f]+)>: Abbrev Number: (\d+)(?: \(DW_TAG_(\w+)\))?", line)
            if head:
                if head.group(4) is None:
                    continue
                depth = int(head.group(1), 16)
                die = {"tag": head.group(4), "kids": []}
                self.dies[int(head.group(2), 16)] = die
                del stack[depth:]
                if stack:
                    stack[-1]["kids"].append(die)
                stack.append(die)
                continue
            attr = re.match(r"\s*<[0-9a-f]+>\s+DW_AT_(\w+)\s*:\s*(.*?)\s*$", line)
            if attr and die is not None:
                # The value's form comes first, in parentheses: "(data1) 7", "(ref4) <0x2d>".
                die[attr.group(1)] = re.sub(r"^\(\w+\) ", "", attr.group(2))

    @staticmethod
    def name(die):
        text = die.get("name")
        return re.sub(r"^\(indirect string, offset: \w+\): |^\(offset: \w+\): ", "", text) if text else None

    def target(self, die):
        return self.dies[int(re.match(r"<0x([0-9a-f]+)>", die["type"]).group(1), 16)] if "type" in die else None

    def strip(self, die):
        """Follow typedefs of unnamed types, qualifiers and arrays: (type, how to index it)."""
        index = ""
        while die is not None and die["tag"] in ("const_type", "volatile_type", "array_type"):
            if die["tag"] == "array_type":
                index += "[0]" * sum(1 for kid in die["kids"] if kid["tag"] == "subrange_type")
            die = self.target(die)
        return die, index

    @staticmethod
    def flexible(die):
        """An array without a size, at the end of a structure."""
        if die is None or die["tag"] != "array_type":
            return False
        return any(k["tag"] == "subrange_type" and not ("upper_bound" in k or "count" in k) for k in die["kids"])

    def fields(self, die, prefix=""):
        """Paths of all fields, through unnamed structures and unions."""
        for kid in die["kids"]:
            if kid["tag"] != "member" or "bit_size" in kid:
                continue
            name = self.name(kid)
            inner, index = self.strip(self.target(kid))
            nested = inner is not None and inner["tag"] in ("structure_type", "union_type") and not self.name(inner)
            if name:
                yield prefix + name + ("[0]" if self.flexible(self.target(kid)) else "")
            if nested:
                yield from self.fields(inner, prefix + name + index + "." if name else prefix)

    def is_public(self, die, files):
        return die.get("decl_file") in files


def collect(cc, source, include, root, scratch):
    """Everything our headers define: (constants, types, fields)."""
    obj = scratch / "ours.o"
    run([cc, "-std=gnu11", "-g", "-gdwarf-4", "-fno-eliminate-unused-debug-types", f"-I{include}", "-c", str(source), "-o", str(obj)])
    debug = Debug(obj)
    table = run(["readelf", "--debug-dump=rawline", "--wide", str(obj)])
    directories = [m.group(2) for m in re.finditer(r"^\s*(\d+)\t(\S*/\S*)$", table, re.M)]
    files = set()
    for match in re.finditer(r"^\s*(\d+)\t(\d+)\t\d+\t\d+\t(\S+)$", table, re.M):
        where = int(match.group(2))
        if where and str(root) in str(pathlib.Path(directories[where - 1])):
            files.add(match.group(1))

    constants = {n for n in macros_of(cc, source, include, root) if n not in NOT_A_VALUE}
    types, fields = set(), set()
    for die in debug.dies.values():
        if not debug.is_public(die, files):
            continue
        name = debug.name(die)
        if die["tag"] == "enumeration_type":
            constants.update(debug.name(k) for k in die["kids"] if k["tag"] == "enumerator")
        elif die["tag"] == "typedef":
            types.add(name)
        if die["tag"] in ("structure_type", "union_type") and name and "declaration" not in die:
            kind = "struct" if die["tag"] == "structure_type" else "union"
            types.add(f"{kind} {name}")
            fields.update((f"{kind} {name}", path) for path in debug.fields(die))
    keep = lambda names: sorted(n for n in names if not OURS_ONLY.match(n))
    return keep(constants), keep(types), sorted(fields)


def program(includes, constants, types, fields):
    lines = [PROLOGUE, *includes, MAIN]
    lines += [f"VALUE({name});" for name in constants]
    lines += [f"SIZE({name});" for name in types]
    lines += [f"FIELD({kind}, {path});" for kind, path in fields]
    lines += ["return 0;", "}"]
    return "\n".join(lines) + "\n"


def printed(cc, text, flags, scratch, name):
    source = scratch / f"{name}.c"
    source.write_text(text)
    run([cc, "-std=gnu11", "-w", "-O0", *flags, str(source), "-o", str(scratch / name)])
    return run([str(scratch / name)]).splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("ours", type=pathlib.Path, help="include directory that holds public/")
    parser.add_argument("theirs", type=pathlib.Path, help="directory of the reference xen.h")
    args = parser.parse_args()
    ours = args.ours.resolve()
    headers = sorted(str(p.relative_to(ours / "public")) for p in (ours / "public").rglob("*.h"))

    our_includes = [f"#include <public/{h}>" for h in headers]
    their_includes = []
    for header in ["xen.h", *headers]:
        names = ["arch-x86/xen.h", "arch-x86/cpuid.h"] if header == "arch-x86.h" else [header]
        their_includes += [f'#include "{args.theirs}/{n}"' for n in names]

    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        source = scratch / "ours.c"
        source.write_text(PROLOGUE + "\n".join(our_includes) + "\n")
        constants, types, fields = collect(args.cc, source, ours, ours / "public", scratch)
        constants += CALLS
        shared = [n for n in constants if n not in HYPERVISOR_ONLY]
        hidden = [n for n in constants if n in HYPERVISOR_ONLY]

        our_flags = [f"-I{ours}"]
        their_flags = ["-D__XEN_TOOLS__"]
        left = printed(args.cc, program(our_includes, shared, types, fields), our_flags, scratch, "a")
        right = printed(args.cc, program(their_includes, shared, types, fields), their_flags, scratch, "b")
        left += printed(args.cc, program(our_includes, hidden, [], []), our_flags, scratch, "c")
        right += printed(
            args.cc,
            program([f'#include "{args.theirs}/errno.h"'], hidden, [], []),
            ["-D__XEN__"],
            scratch,
            "d",
        )

    differing = [(a, b) for a, b in zip(left, right) if a != b]
    for a, b in differing:
        print(f"abi: ours: {a}    reference: {b}", file=sys.stderr)
    print(
        f"abi: {len(constants)} constants, {len(types)} types, {len(fields)} fields in {len(headers)} headers:"
        f" {len(differing)} differ"
    )
    if len(types) < 200 or len(fields) < 500:
        sys.exit("abi: too few types found: is the debug information readable?")
    sys.exit(1 if differing or len(left) != len(right) else 0)


if __name__ == "__main__":
    main()
