# SPDX-License-Identifier: MIT
"""A CPU that hangs with interrupts off is found by the hypervisor's watchdog, which says where it hangs."""

import re
import subprocess

import pytest

from dom0 import BUILD, ROOT, SHOJI_VM

# Only a debug build has a key that hangs a CPU.
DEBUG_BUILD = BUILD / "debug"


@pytest.fixture(scope="module")
def debug_hypervisor():
    """Shoji with assertions and the lock order checked."""
    subprocess.run(["make", "-s", "--no-print-directory", "-C", ROOT, "DEBUG=1", f"B={DEBUG_BUILD}",
                    f"{DEBUG_BUILD}/shoji"], check=True, timeout=600)
    return DEBUG_BUILD / "shoji"


@pytest.mark.parametrize("cpus", [1, 2])
def test_hung_cpu_is_reported(cpus, pool, debug_hypervisor, tmp_path):
    pool.close()
    script = tmp_path / "script"
    script.write_text("xl dmesg | grep Watchdog\n"
                      "sleep 7 # nothing is wrong until here\n"
                      "echo alive\n"
                      "xl debug-keys H\n"
                      "sleep 30\n"
                      "echo still alive\n")
    console = tmp_path / "console"
    result = subprocess.run([SHOJI_VM, "--hypervisor", debug_hypervisor, "--xen-args", "watchdog",
                             "--cpus", str(cpus), "--script", script, "--timeout", "200",
                             "--console-log", console], stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=300, check=False)
    assert "a CPU that hangs for 5 s is reported" in result.stdout
    assert "alive" in result.stdout
    assert "still alive" not in result.stdout
    log = console.read_text(errors="replace")
    assert re.search(r"PANIC on CPU \d+: CPU \d+ has been stuck for 5 seconds", log), log[-3000:]
    backtrace = log[log.index("PANIC"):]
    assert re.search(r"rip .*key_hang", backtrace)
    assert "debug_key" in backtrace
    assert result.returncode != 0
