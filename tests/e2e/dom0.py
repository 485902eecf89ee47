# SPDX-License-Identifier: MIT
"""
dom0 under a hypervisor, as an object that runs commands: one boot serves many tests.

shoji-vm boots the platform with agent.sh as its script; the agent reads commands from a virtio port, a second channel
beside the one for the script's output, and answers with status and output.
"""

import base64
import collections
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import textwrap
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
SHOJI = pathlib.Path(os.environ.get("HYPERVISOR", BUILD / "shoji"))
DEBIAN_XEN = BUILD / "peers" / "xen-4.17"
DEBIAN_TOOLS = BUILD / "peers" / "tools"
KERNEL_DISK = BUILD / "peers" / "kernel.img"  # has the guests' kernel, unpacked: /kernel in dom0
SHOJI_VM = BUILD / "shoji-vm"
BOOT_LIMIT = 240  # seconds until the platform answers, on a slow machine
PATIENCE = 3  # time limits in tests suit an idle machine; a busy one gets this many times as long

Result = collections.namedtuple("Result", "status out")


class Dead(Exception):
    """The machine does not answer any more."""


class Dom0:
    """A booted platform. tools: "shoji" or "debian" (Debian's daemons and xl instead of ours)."""

    def __init__(self, hypervisor=SHOJI, tools="shoji", mem=2048, cpus=1, files=None, arguments=()):
        self.tools = tools
        self.name = None
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="shoji-e2e."))
        self.log = self.dir / "console"
        self.process = None
        self.socket = None
        self.buffer = b""
        self.count = 0
        overlay = self._overlay(files or {})
        script = self.dir / "script"
        script.write_text((". /debian-xen/start\n" if tools == "debian" else "") +
                          (HERE / "agent.sh").read_text())
        argv = [SHOJI_VM, "--hypervisor", hypervisor, "--overlay", overlay, "--script", script,
                "--mem", str(mem), "--cpus", str(cpus), "--timeout", "2400", "--console-log", self.log,
                "--qemu-args", f"-drive file={KERNEL_DISK},format=raw,readonly=on,if=none,id=kernel "
                "-device virtio-blk-pci,drive=kernel -device virtio-serial-pci "
                f"-chardev socket,id=agent,path={self.dir}/agent,server=on,wait=off "
                "-device virtserialport,chardev=agent,name=agent"]
        if tools == "debian":
            argv += ["--dom0-args", "shoji.services=none"]
        self.output = open(self.dir / "output", "w+b")
        # Ends with us even if we are killed.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *(str(a) for a in argv),
                                         *(str(a) for a in arguments)], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT)
        try:
            self._connect()
        except Dead:
            self.close()
            raise

    def _overlay(self, files):
        overlay = self.dir / "overlay"
        overlay.mkdir()
        if self.tools == "debian":
            shutil.copytree(DEBIAN_TOOLS, overlay, symlinks=True, dirs_exist_ok=True)
        guests = overlay / "root" / "guests"
        guests.mkdir(parents=True)
        for guest in (BUILD / "guests").iterdir():
            if guest.is_file():
                shutil.copy(guest, guests)
        for name, content in files.items():
            path = overlay / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, pathlib.Path):
                shutil.copy(content, path)
            else:
                path.write_text(content)
        return overlay

    def _connect(self):
        deadline = time.monotonic() + BOOT_LIMIT
        while self.socket is None:
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(str(self.dir / "agent"))
                self.socket = connection
            except OSError:
                connection.close()
                self._check_alive(deadline)
                time.sleep(0.1)
        if self._line(deadline) != "ready":
            raise Dead("the agent in dom0 is not ready")

    def _check_alive(self, deadline):
        if self.process.poll() is not None:
            raise Dead(f"shoji-vm ended with status {self.process.returncode}\n{self.tail()}")
        if time.monotonic() > deadline:
            raise Dead(f"dom0 does not answer\n{self.tail()}")

    def _receive(self, deadline):
        self.socket.settimeout(1)
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            self._check_alive(deadline)
            return
        if not data:
            # The machine's end closes the socket a moment before shoji-vm itself ends.
            time.sleep(1)
            raise Dead(f"dom0 is gone\n{self.tail()}")
        self.buffer += data

    def _line(self, deadline):
        while b"\n" not in self.buffer:
            self._receive(deadline)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def tail(self):
        """The end of the console and of shoji-vm's own output, for failure messages."""
        parts = []
        for path in (self.log, self.dir / "output"):
            if path.exists():
                parts.append(path.read_bytes()[-3000:].decode(errors="replace"))
        return "\n----\n".join(parts)

    def console(self):
        """All of the machine's console so far."""
        return self.log.read_bytes().decode(errors="replace")

    def run(self, command, limit=60):
        """Runs shell commands in dom0. What runs longer than limit * PATIENCE seconds is killed: status 137."""
        limit *= PATIENCE
        if self.socket is None:
            raise Dead("dom0 went down in an earlier test")
        self.count += 1
        text = base64.b64encode(textwrap.dedent(command).encode()).decode()
        deadline = time.monotonic() + limit + 60
        try:
            self.socket.settimeout(10)
            self.socket.sendall(f"{self.count} {limit} {text}\n".encode())
            ident, status, size = self._line(deadline).split()
            while len(self.buffer) < int(size):
                self._receive(deadline)
        except (OSError, Dead) as error:
            self.socket.close()
            self.socket = None
            raise Dead(str(error)) from error
        assert int(ident) == self.count
        out, self.buffer = self.buffer[:int(size)], self.buffer[int(size):]
        return Result(int(status), out.decode(errors="replace"))

    def ok(self, command, limit=60):
        """Like run, but the command must succeed; returns its output."""
        status, out = self.run(command, limit)
        assert status == 0, f"{command.strip()}\nexit status {status}\n{out}"
        return out

    def wait(self, condition, what, limit=30):
        """Waits until condition() is true."""
        deadline = time.monotonic() + limit * PATIENCE
        while True:
            value = condition()
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {limit * PATIENCE} s: {what}"
            time.sleep(0.5)

    def write(self, path, text):
        """Makes a file in dom0."""
        data = base64.b64encode(textwrap.dedent(text).encode()).decode()
        self.ok(f"echo {data} | base64 -d >{path}")

    # Guests.

    def config(self, name, **settings):
        """Writes /root/NAME.cfg: a small Linux guest unless settings say otherwise (None leaves a key out)."""
        values = {
            "name": name,
            "kernel": "/kernel/vmlinux",
            "ramdisk": "/boot/guest-initramfs",
            "extra": "console=hvc0 guest.run=sleep,100000",
            "memory": 128,
            "vcpus": 1,
        }
        values.update(settings)
        lines = []
        for key, value in values.items():
            if isinstance(value, list):
                value = "[ " + ", ".join(f'"{v}"' for v in value) + " ]"
            elif isinstance(value, str):
                value = f'"{value}"'
            if value is not None:
                lines.append(f"{key} = {value}\n")
        path = f"/root/{name}.cfg"
        # An earlier guest of that name must not be taken for this one.
        self.ok(f"rm -f /var/log/xen/console/guest-{name}.log")
        self.write(path, "".join(lines))
        return path

    def disk(self, path, mib=16, **files):
        """Makes an ext2 image; files: name with dots as __ -> content."""
        self.ok(f"mkdir -p $(dirname {path}); dd if=/dev/zero of={path} bs=1M count={mib} 2>/dev/null; "
                f"mke2fs -F {path} >/dev/null; mount -o loop {path} /mnt")
        for name, content in files.items():
            self.write(f"/mnt/{name.replace('__', '.')}", content)
        self.ok("umount /mnt")

    def domains(self):
        """name -> domid, from xl list."""
        rows = [line.split() for line in self.ok("xl list").splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) > 2 and row[1].isdigit()}

    def guest_log(self, name):
        """What a guest has written to its console."""
        return self.run(f"cat /var/log/xen/console/guest-{name}.log").out

    def wait_guest(self, name, text, limit=90):
        """Waits until a guest's console shows text (a regular expression); returns the console."""
        def seen():
            log = self.guest_log(name)
            return log if re.search(text, log, re.M) else None
        try:
            return self.wait(seen, f"{text} on {name}'s console", limit)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.guest_log(name)[-3000:]}") from None

    def info(self, key):
        """One value of xl info."""
        match = re.search(rf"^{key}\s*: (.*)$", self.ok("xl info"), re.M)
        assert match, f"xl info has no {key}"
        return match.group(1)

    def snapshot(self):
        """All that a guest may leave behind: domains, store, free memory, interfaces, loop devices."""
        return {
            "domains": self.domains(),
            "store": self.ok("xenstore-ls -f"),
            "free_memory": int(self.info("free_memory")),
            "interfaces": re.findall(r"^\d+: ([^:@]+)", self.ok("ip link"), re.M),
            "loops": self.ok("losetup -a"),
        }

    def assert_unchanged(self, before, limit=20):
        """Nothing left behind since snapshot before; a dying domain's last pages may take a moment."""
        deadline = time.monotonic() + limit
        while True:
            after = self.snapshot()
            if after == before or time.monotonic() > deadline:
                break
            time.sleep(1)
        for key, value in before.items():
            if isinstance(value, str):
                gone = set(value.splitlines()) - set(after[key].splitlines())
                new = set(after[key].splitlines()) - set(value.splitlines())
                assert not gone and not new, f"{key}: gone {sorted(gone)}, new {sorted(new)}"
            assert after[key] == value, f"{key}: was {value}, is {after[key]}"

    def destroy_all(self):
        """Leaves only dom0, whatever a test did."""
        for name, domid in self.domains().items():
            if domid:
                self.run(f"xl destroy {domid}")

    def close(self):
        """Ends the machine; returns shoji-vm's exit status."""
        if self.socket is not None:
            try:
                self.socket.sendall(b"quit 0 -\n")
            except OSError:
                pass
        elif self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if self.socket is not None:
            self.socket.close()
            self.socket = None
        self.output.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        return status
