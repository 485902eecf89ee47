#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Checks xen/include/public: every header compiles alone, freestanding and hosted, and every constant,
# size and offset in them equals that of Debian's Xen headers (package libxen-dev).
# Usage: tests/abi/check.sh    (CC=... to choose the compiler; exit 77: libxen-dev is missing)
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-cc}

for header in $(cd xen/include && find public -name '*.h' | sort); do
	for mode in -ffreestanding -fhosted; do
		echo "#include <$header>" |
			$CC -std=gnu11 -Wall -Wextra -Werror $mode -Ixen/include -x c -c -o /dev/null -
	done
done
for header in public/xen.h public/arch-x86.h public/elfnote.h public/features.h public/errno.h; do
	echo "#include <$header>" | $CC -Ixen/include -x assembler-with-cpp -c -o /dev/null -
done

if [ ! -f /usr/include/xen/xen.h ]; then
	echo "abi: skipped: no /usr/include/xen; install libxen-dev" >&2
	exit 77
fi
exec python3 tests/abi/compare.py --cc "$CC" xen/include /usr/include/xen
