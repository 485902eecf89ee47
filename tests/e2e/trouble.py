# SPDX-License-Identifier: MIT
"""What a kernel or the hypervisor prints when something has gone wrong in it."""

import re

TROUBLE = re.compile(r"PANIC|lock order|BUG[: ]|WARNING:|Call Trace|Oops|general protection|soft lockup|"
                     r"detected stalls|blocked for more than|hung_task|segfault|Kernel panic|I/O error|"
                     r"Transmit timeout|assertion|stuck for")


def trouble(text):
    """The lines of text that tell of trouble, with a few lines around the first."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if TROUBLE.search(line):
            return lines[max(0, number - 3):number + 25]
    return []
