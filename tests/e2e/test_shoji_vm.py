# SPDX-License-Identifier: MIT
"""shoji-vm itself: status, output, overlay, results, time limits, and that nothing of it is left behind."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from dom0 import BUILD, DEBIAN_XEN, SHOJI, SHOJI_VM

HYPERVISORS = pytest.mark.parametrize("hypervisor", [SHOJI, DEBIAN_XEN], ids=["shoji", "debian-xen"])


@pytest.fixture(autouse=True)
def no_other_machine(pool):
    """These tests boot machines of their own."""
    pool.close()


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """An empty TMPDIR, to see what shoji-vm leaves there."""
    directory = tmp_path / "tmp"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    return directory


def run(*arguments, **kwargs):
    """Runs shoji-vm with a limit on its time."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    if "--hypervisor" not in arguments and SHOJI != BUILD / "shoji":
        arguments = ("--hypervisor", SHOJI, *arguments)
    return subprocess.run([str(a) for a in (SHOJI_VM, *arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=400, check=False, **kwargs)


def qemus():
    """pids of QEMU processes whose parent is gone or is a shoji-vm that we started."""
    found = set()
    for proc in pathlib.Path("/proc").iterdir():
        if proc.name.isdigit():
            try:
                if b"shoji-vm." in (proc / "cmdline").read_bytes() and "qemu" in os.readlink(proc / "exe"):
                    found.add(int(proc.name))
            except OSError:
                pass
    return found


@HYPERVISORS
def test_script_overlay_out_and_status(hypervisor, temp, tmp_path):
    overlay = tmp_path / "overlay"
    (overlay / "etc").mkdir(parents=True)
    (overlay / "etc" / "greeting").write_text("from the overlay\n")
    (overlay / "etc" / "greeting").chmod(0o640)
    (overlay / "link").symlink_to("etc/greeting")
    script = tmp_path / "script"
    script.write_text("""
        cat /link
        stat -c %a /etc/greeting
        printf '\\001SHOJI:0:exit 0 ok\\nno newline at the end' >&2
        mkdir -p /out/sub
        head -c 3000000 /dev/urandom >/out/sub/random
        md5sum </out/sub/random >/out/sum
        ln -s sub/random /out/link
        exit 42
        """)
    out = tmp_path / "results"
    log = tmp_path / "console"
    result = run("--hypervisor", hypervisor, "--script", script, "--overlay", overlay, "--out", out,
                 "--timeout", 300, "--console-log", log)
    assert result.returncode == 42, result.stderr
    assert result.stdout == "from the overlay\n640\n\001SHOJI:0:exit 0 ok\nno newline at the end"
    assert result.stderr == ""
    check = subprocess.run("md5sum <link | cmp - sum", shell=True, cwd=out, check=False)
    assert check.returncode == 0
    console = log.read_text(errors="replace")
    assert "reboot: Power down" in console and "Kernel panic" not in console
    assert not list(temp.iterdir())


def test_script_on_standard_input_and_disks(temp, tmp_path):
    disk = tmp_path / "a,disk"
    disk.write_bytes(b"on the disk".ljust(1 << 20, b"."))
    script = "head -c 11 /dev/vda; echo; printf changed | dd of=/dev/vda conv=notrunc 2>/dev/null; sync\n"
    result = run("--disk", disk, "--timeout", 300, input=script, stdin=None)
    assert (result.returncode, result.stdout) == (0, "on the disk\n"), result.stderr
    assert disk.read_bytes()[:11] == b"changeddisk"
    assert not list(temp.iterdir())


def test_script_that_runs_too_long(temp, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo begun; sleep 1000\n")
    log = tmp_path / "console"
    result = run("--script", script, "--timeout", 60, "--console-log", log)
    assert result.returncode == 124
    assert result.stdout == "begun\n"
    assert "time-out" in result.stderr
    assert "Linux version" in log.read_text(errors="replace")
    assert not list(temp.iterdir())


def test_platform_that_does_not_come_up(temp, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo not reached\n")
    result = run("--script", script, "--timeout", 300, "--dom0-args", "rdinit=/bin/false")
    assert result.returncode == 125
    assert result.stdout == ""
    assert "Kernel panic" in result.stderr
    assert not list(temp.iterdir())


def test_service_that_does_not_start(temp, tmp_path):
    overlay = tmp_path / "overlay"
    (overlay / "usr/sbin").mkdir(parents=True)
    daemon = overlay / "usr/sbin/broken"
    daemon.write_text("#!/bin/sh\necho it hurts here >&2\nexit 1\n")
    daemon.chmod(0o755)
    result = run("--overlay", overlay, "--dom0-args", "shoji.services=broken", "--timeout", 300)
    assert result.returncode == 125
    assert "broken did not start: it hurts here" in result.stderr


def test_hypervisor_that_is_none(temp, tmp_path):
    image = tmp_path / "image"
    image.write_bytes(b"this is no kernel" * 1000)
    result = run("--hypervisor", image, "--timeout", 60)
    assert result.returncode == 125
    assert result.stderr
    assert not list(temp.iterdir())


@pytest.mark.parametrize("number,status", [(signal.SIGTERM, -15), (signal.SIGINT, -2), (signal.SIGKILL, -9)])
def test_a_signal_ends_the_machine(number, status, temp, tmp_path):
    script = tmp_path / "script"
    script.write_text("sleep 1000\n")
    before = qemus()
    process = subprocess.Popen([SHOJI_VM, "--hypervisor", SHOJI, "--script", script], stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not qemus() - before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(20) == status
    time.sleep(0.5)
    assert not qemus() - before
    if number != signal.SIGKILL:
        assert not list(temp.iterdir())


def test_a_reader_that_stops_does_not_make_it_deaf(temp, tmp_path):
    script = tmp_path / "script"
    script.write_text("seq 100000\nsleep 1000\n")
    process = subprocess.Popen([SHOJI_VM, "--hypervisor", SHOJI, "--script", script], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE)
    assert process.stdout.read(4) == b"1\n2\n"
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -15
    process.stdout.close()
    assert not list(temp.iterdir())


@pytest.mark.parametrize("arguments,words", [
    (["--script", "/nonexistent"], "/nonexistent: No such file"),
    (["--overlay", "/etc/passwd"], "not a directory"),
    (["--disk", "/nonexistent"], "/nonexistent: No such file"),
    (["--hypervisor", "/nonexistent"], "/nonexistent: No such file"),
    (["--out", "/proc/nothing/here"], "/proc/nothing/here"),
    (["--mem", "lots"], "--mem lots"),
    (["--cpus", "0"], "--cpus 0"),
    (["--timeout", "soon"], "--timeout soon"),
    (["--accel", "magic"], "auto, kvm or tcg"),
    (["--icount", "--cpus", "2"], "one CPU"),
    (["--colour"], "--colour"),
    (["stray"], "stray"),
])
def test_bad_options_are_refused_at_once(arguments, words, temp):
    start = time.monotonic()
    result = run(*arguments)
    assert result.returncode == 125
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert time.monotonic() - start < 10
    assert not list(temp.iterdir())


def test_icount(tmp_path):
    script = tmp_path / "script"
    script.write_text("cut -d ' ' -f 1 /proc/uptime\n")
    result = run("--icount", "--script", script, "--timeout", 400, "--dom0-args", "shoji.services=none")
    assert result.returncode == 0, result.stderr
    assert 1 < float(result.stdout) < 30
