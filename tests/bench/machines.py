# SPDX-License-Identifier: MIT
"""
The machines that benchmarks run on: each function boots one, waits for its end and returns what it measured, as
a dictionary of benchmark name to value (ns of one operation, or the benchmark's own unit).
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 1200  # seconds for a machine, on a slow host
PATIENCE = 400  # seconds for a guest
QEMU = "qemu-system-x86_64"

# How much of everything: operations in a sample (percent), samples, slots of 10 ms and rounds of computing guests.
Effort = collections.namedtuple("Effort", "percent samples slots rounds")
FULL = Effort(100, 15, 400, 3)
# Short samples and many: the best of them is one in which the host did nothing else.
WALL = Effort(30, 101, 400, 3)
SMOKE = Effort(10, 1, 100, 1)


class Failed(Exception):
    """
    A machine or a guest did not do what it should; the text says which and what it said. values: what was measured
    nevertheless; output: all that the machine said.
    """

    def __init__(self, text, values=None, output=""):
        super().__init__(text)
        self.values = values or {}
        self.output = output


class Tree:
    """What the build made."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.hypervisors = {"shoji": self.build / "shoji", "xen": self.build / "peers" / "xen-4.17"}
        self.kernel_disk = self.build / "peers" / "kernel.img"
        self.guest = self.build / "guests" / "bench"
        self.linux_bench = self.build / "bench" / "linux-bench"
        self.vmlinuz = self.build / "image" / "vmlinuz"
        self.kernel = self.build / "bench" / "vmlinux"

    def vmlinux(self):
        """The kernel as ELF, unpacked once."""
        if not self.kernel.exists() or self.kernel.stat().st_mtime < self.vmlinuz.stat().st_mtime:
            run([self.build / "bin" / "unpack-kernel", self.vmlinuz, self.kernel], 120)
        return self.kernel


def run(argv, limit):
    """Runs a program with a time limit; its output. QEMU and shoji-vm end with us even if we are killed."""
    argv = ["setpriv", "--pdeathsig", "TERM", *(str(a) for a in argv)]
    try:
        result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=limit, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{argv[3]}: no end within {limit} s\n"
                     f"{(error.output or b'').decode(errors='replace')[-3000:]}") from None
    out = result.stdout.decode(errors="replace")
    if result.returncode:
        raise Failed(f"{argv[3]}: exit status {result.returncode}\n{out[-6000:]}", output=out)
    return out


def cpio(files):
    """An initramfs of name -> (mode, content); a directory's content is None, a symbolic link's its target."""
    out = b""
    for i, (name, (mode, content)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))]):
        data = content or b""
        fields = [i + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return out


def linux_initramfs(tree):
    """The Linux guest's: the program alone."""
    return cpio({"init": (0o100755, tree.linux_bench.read_bytes())})


def clock_arguments(clock):
    """For QEMU."""
    return ["-icount", "shift=0,sleep=off"] if clock == "icount" else []


def parse_lines(out, wanted, clock):
    """
    The "bench NAME ..." lines of guests: the median where time repeats, the least by the wall clock. Fails, with the
    rest, unless every benchmark that is wanted has a time.
    """
    column = "median" if clock == "icount" else "min"
    times = re.findall(rf"^bench (\w+) .*\b{column} ([\d.]+) ", out, re.M)
    values = {name: float(value) for name, value in times if name in wanted and float(value) > 0}
    missing = [name for name in wanted if name not in values]
    if missing:
        said = re.findall(r"^bench \w+ (?:error|skipped) .*$", out, re.M) or [out[-4000:]]
        raise Failed(f"no time for {', '.join(missing)}: " + "; ".join(said), values, out)
    return values


def dom0(tree, hypervisor, cpu, clock, env, cpus=1):
    """Boots the platform with dom0.sh and these variables; the script's output."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="shoji-bench."))
    try:
        root = work / "overlay" / "root"
        root.mkdir(parents=True)
        shutil.copy(tree.guest, root / "guest")
        (root / "linux-initramfs").write_bytes(linux_initramfs(tree))
        env = dict({"PATIENCE": PATIENCE}, **env)
        (root / "bench.env").write_text("".join(f"{key}='{value}'\n" for key, value in env.items()))
        argv = [tree.build / "shoji-vm", "--hypervisor", tree.hypervisors[hypervisor], "--overlay", work / "overlay",
                "--script", HERE / "dom0.sh", "--mem", 2048, "--cpus", cpus, "--timeout", LIMIT, "--accel", "tcg",
                "--cpu-model", cpu, "--xen-args", "dom0_max_vcpus=1", "--qemu-args",
                f"-drive file={tree.kernel_disk},format=raw,readonly=on,if=none,id=kernel "
                "-device virtio-blk-pci,drive=kernel"]
        if clock == "icount":
            argv.append("--icount")
        return run(argv, LIMIT + 60)
    finally:
        shutil.rmtree(work)


def guests(tree, hypervisor, cpu, clock, names, effort):
    """The benchmark guest, the Linux guest and the memory used, as far as they are among the names (by where)."""
    env = {}
    words = f"samples={effort.samples} effort={effort.percent}"
    if names["guest"]:
        env.update(GUEST=f"{words} bench={','.join(names['guest'])}", PEER=1)
    if names["linux"]:
        env["LINUX"] = f"{words} bench={','.join(names['linux'])}"
    if names["memory"]:
        env["MEMORY"] = 1
    if not env:
        return {}
    try:
        out = dom0(tree, hypervisor, cpu, clock, env)
    except Failed as error:
        # What was measured until then counts.
        try:
            error.values = parse_guests(error.output, names, clock)
        except Failed as rest:
            error.values = rest.values
        raise error from None
    return parse_guests(out, names, clock)


def parse_guests(out, names, clock):
    """What dom0.sh and its guests printed."""
    memory = {}
    found = {key: re.search(rf"^{key} *: *(\d+)", out, re.M) for key in ("free_memory", "dom0_memory")}
    if names["memory"] and all(found.values()):
        memory["memory_used"] = 2048 - sum(int(match.group(1)) for match in found.values())
    try:
        return {**memory, **parse_lines(out, names["guest"] + names["linux"], clock)}
    except Failed as error:
        error.values.update(memory)
        raise


def work(tree, hypervisor, cpu, effort):
    """
    How much two guests on two CPUs do for the work of one. Only the best slots count: whatever else the host does
    takes away, and on a busy host it takes more from two.
    """
    out = dom0(tree, hypervisor, cpu, "wall", {"WORK": effort.slots, "ROUNDS": effort.rounds}, cpus=2)
    rates = {"one": {}, "left": {}, "right": {}}
    for name, slot, rounds, ns in re.findall(r"^work (\w+) (\d+) (\d+) (\d+)$", out, re.M):
        rates[name][slot] = int(rounds) / int(ns)
    both = [rate + rates["right"][slot] for slot, rate in rates["left"].items() if slot in rates["right"]]
    if not rates["one"] or not both:
        raise Failed(f"guests did no work at the same time:\n{out[-3000:]}")
    return {"two_cpus": best(both) / best(rates["one"].values())}


def best(values):
    """The best but for a few, which may be errors of a clock."""
    ordered = sorted(values, reverse=True)
    return ordered[len(ordered) // 50]


def minimal_initramfs():
    """busybox and an /init that says how long the kernel has been up, then powers off."""
    init = ("#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\n"
            "read -r up idle </proc/uptime\necho \"uptime at init: $up\"\n/bin/busybox poweroff -f\n")
    return cpio({"bin": (0o040755, None), "proc": (0o040755, None),
                 "bin/busybox": (0o100755, pathlib.Path("/bin/busybox").read_bytes()),
                 "init": (0o100755, init.encode())})


def bare_or_dom0(tree, hypervisor, cpu, clock, initramfs, words):
    """A kernel with an initramfs under a hypervisor, or under none ("bare"); its console."""
    with tempfile.TemporaryDirectory(prefix="shoji-bench.") as directory:
        ramdisk = os.path.join(directory, "initramfs")
        console = os.path.join(directory, "console")
        pathlib.Path(ramdisk).write_bytes(initramfs)
        argv = [QEMU, "-nodefaults", "-no-reboot", "-display", "none", "-machine", "q35", "-accel", "tcg",
                "-cpu", cpu, "-m", 2048, *clock_arguments(clock), "-serial", f"file:{console}"]
        if hypervisor == "bare":
            argv += ["-kernel", tree.vmlinuz, "-initrd", ramdisk, "-append", f"console=ttyS0 {words}"]
        else:
            argv += ["-kernel", tree.hypervisors[hypervisor], "-append",
                     "console=com1 com1=115200,8n1 dom0_mem=1024M",
                     "-initrd", f"{tree.vmlinux()} console=hvc0 {words},{ramdisk}"]
        run(argv, LIMIT)
        return pathlib.Path(console).read_text(errors="replace")


def boot(tree, hypervisor, cpu, clock):
    """dom0's uptime at /init."""
    out = bare_or_dom0(tree, hypervisor, cpu, clock, minimal_initramfs(), "")
    match = re.search(r"uptime at init: ([\d.]+)", out)
    if not match:
        raise Failed(f"/init was not reached on {hypervisor}:\n{out[-3000:]}")
    return {"dom0_init": float(match.group(1))}


def bare_linux(tree, cpu, clock, names, effort):
    """The Linux guest's program on the machine itself."""
    words = f"quiet samples={effort.samples} effort={effort.percent} bench={','.join(names)}"
    out = bare_or_dom0(tree, "bare", cpu, clock, linux_initramfs(tree), words)
    return parse_lines(out, names, clock)


def sizes(tree, root):
    """Size of the images (KiB) and of the sources (lines)."""
    lines = sum(len(path.read_text().splitlines()) for suffix in ("c", "h", "S")
                for path in sorted((root / "xen").rglob(f"*.{suffix}")))
    kib = {name: path.stat().st_size / 1024 for name, path in tree.hypervisors.items() if path.exists()}
    return {name: {"image_size": value} for name, value in kib.items()}, lines
