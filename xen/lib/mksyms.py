# SPDX-License-Identifier: MIT
"""Turns `nm -n` output into the hypervisor's symbol table (read by lib/symbols.c)."""
import sys

symbols = []
for line in sys.stdin:
    parts = line.split()
    if len(parts) == 3 and parts[1] in "tT" and not parts[2].startswith("."):
        if not symbols or symbols[-1][0] != parts[0]:
            symbols.append((parts[0], parts[2]))

print('\t.section .symbols, "a"')
print("\t.globl symbol_count, symbol_offsets, symbol_names")
print("\t.balign 4\nsymbol_count: .long %d" % len(symbols))
base = int(symbols[0][0], 16) if symbols else 0
print("\t.globl symbol_base\n\t.balign 8\nsymbol_base: .quad 0x%x" % base)
print("symbol_offsets:")
for address, _ in symbols:
    print("\t.long 0x%x" % (int(address, 16) - base))
print("symbol_names:")
for _, name in symbols:
    print('\t.asciz "%s"' % name)
print('\t.section .note.GNU-stack, "", @progbits')
