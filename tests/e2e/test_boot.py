# SPDX-License-Identifier: MIT
"""The hypervisor by a plain QEMU command line, with an initramfs that knows nothing of this project."""

import os
import pathlib
import re
import subprocess

import pexpect
import pytest

from dom0 import BUILD, ROOT, SHOJI

INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
echo "init: $(/bin/busybox cat /sys/hypervisor/type) $(/bin/busybox cat /proc/sys/kernel/osrelease)"
echo "CPUs: $(/bin/busybox nproc)"
/bin/busybox dmesg | /bin/busybox grep -i -e 'bug:' -e 'warning:' -e 'call trace' -e 'oops'
echo "init: end"
/bin/busybox poweroff -f
"""


@pytest.fixture(scope="module")
def initramfs(tmp_path_factory):
    """A minimal one: busybox and INIT."""
    root = tmp_path_factory.mktemp("root")
    (root / "bin").mkdir()
    (root / "bin/busybox").write_bytes(pathlib.Path("/bin/busybox").read_bytes())
    (root / "bin/busybox").chmod(0o755)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    archive = root.parent / "plain-initramfs"
    subprocess.run(f"cd {root} && find . | cpio --quiet -o -H newc | gzip >{archive}", shell=True, check=True)
    return archive


@pytest.fixture(scope="module")
def vmlinux(tmp_path_factory):
    """Debian's kernel as ELF."""
    out = tmp_path_factory.mktemp("kernel") / "vmlinux"
    subprocess.run([BUILD / "bin/unpack-kernel", BUILD / "image/vmlinuz", out], check=True)
    return out


def qemu(cpu, vmlinux, initramfs, *more, xen_args=""):
    """Boots by a plain command line; returns the console and QEMU's status."""
    argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", cpu, "-m", "2048", "-nographic",
            "-no-reboot", "-kernel", str(SHOJI),
            "-append", f"console=com1 com1=115200,8n1 dom0_mem=1024M {xen_args}",
            "-initrd", f"{vmlinux} console=hvc0,{initramfs}", *more]
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=240, check=False)
    return result.stdout.decode(errors="replace"), result.returncode


@pytest.mark.parametrize("cpu,count", [("qemu64", 1), ("Nehalem", 1), ("qemu64", 4)])
def test_boots_to_init_and_powers_off(cpu, count, pool, vmlinux, initramfs):
    pool.close()
    out, status = qemu(cpu, vmlinux, initramfs, "-smp", str(count))
    assert "Linux version" in out
    end = re.search(r"init: xen (\S+)\s+CPUs: (\d+)(.*)init: end", out, re.S)
    assert end, out[-4000:]
    assert int(end.group(2)) == count
    # The kernel found nothing wrong on its way.
    assert end.group(3).strip() == "", end.group(3)
    assert status == 0


def test_maxcpus_leaves_the_others_out(pool, vmlinux, initramfs):
    pool.close()
    out, status = qemu("qemu64", vmlinux, initramfs, "-smp", "4", xen_args="maxcpus=2")
    assert "CPUs: 2" in out
    assert status == 0


def test_unknown_option_is_reported_and_not_fatal(pool, vmlinux, initramfs):
    pool.close()
    out, status = qemu("qemu64", vmlinux, initramfs, xen_args="frobnicate=7")
    assert re.search("frobnicate is (unknown|not known)", out)
    assert "init: end" in out
    assert status == 0


def test_without_modules_it_says_what_is_missing(pool):
    pool.close()
    argv = ["timeout", "-s", "KILL", "20", "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", "qemu64",
            "-m", "512", "-nographic", "-no-reboot", "-kernel", str(SHOJI), "-append", "console=com1 noreboot"]
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False)
    assert re.search("module|kernel", result.stdout.decode(errors="replace"), re.I)


def test_make_run_without_a_terminal(pool):
    pool.close()
    result = subprocess.run(["make", "-C", ROOT, "run"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, timeout=900, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert len(re.findall("Linux version 6", result.stdout)) >= 2  # dom0's and the guest's
    assert re.search(r"^demo +\d+ +128 +1 ", result.stdout, re.M)
    assert "Hello from the disk image" in result.stdout
    assert "written by guest" in result.stdout
    assert "5 packets transmitted, 5 packets received, 0% packet loss" in result.stdout


def test_make_run_on_a_terminal(pool):
    pool.close()
    child = pexpect.spawn("make", ["-C", str(ROOT), "run"], timeout=300, encoding="utf-8", codec_errors="replace",
                          env=dict(os.environ, TERM="dumb"))
    try:
        child.expect("end of the demonstration")
        child.expect("dom0:.*# ")
        child.sendline("xl list")
        child.expect(r"demo +\d+ +128")
        child.expect("dom0:.*# ")
        child.sendline("xl console demo")
        child.sendline("")
        child.expect("/ # ")
        child.sendline("echo in-the-$((40 + 2))-guest; uname -n")
        child.expect("in-the-42-guest\r+\nguest\r")
        child.send("\x1d")
        child.expect("dom0:.*# ")
        child.sendline("uname -n")
        child.expect("\ndom0\r")
        child.sendline("exit")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    finally:
        child.close(force=True)
