# SPDX-License-Identifier: MIT
"""
Mixed load: guests are created, loaded, stopped, changed and destroyed at random for LOAD_SECONDS (default 180). The
seed is printed; LOAD_SEED=N gives the same order of events again.
"""

import os
import random
import re
import time

from test_smp import BUILD_LOAD, set_vcpus
from trouble import trouble

SECONDS = int(os.environ.get("LOAD_SECONDS", "180"))
SEED = int(os.environ.get("LOAD_SEED", random.randrange(1 << 32)))
GUESTS = 5

DISK_LOAD = """\
    i=0
    while true; do
        dd if=/dev/urandom of=file bs=64k count=20 2>/dev/null
        sum=$(sha256sum <file)
        sync
        echo 3 >/proc/sys/vm/drop_caches
        [ "$sum" = "$(sha256sum <file)" ] || echo "I/O error: the disk returned other data"
        i=$((i + 1))
        echo "disk round $i"
        ping -c 2 -W 20 10.77.0.1 | grep loss
    done
    """


class Load:
    """The guests that are up, and what may be done to them."""

    def __init__(self, dom0, rng):
        self.dom0 = dom0
        self.rng = rng
        self.serial = 0
        self.linux = {}  # name -> vCPUs
        for name, script in ("build", BUILD_LOAD), ("disk", DISK_LOAD):
            dom0.disk(f"/var/lib/xen/images/{name}.img", guest__sh=script)

    def new_name(self, kind):
        """A name that no guest had before."""
        self.serial += 1
        return f"{kind}{self.serial}"

    def create_linux(self, kind):
        """A Linux guest with a disk of its own and an interface."""
        name = self.new_name(kind)
        vcpus = self.rng.choice([1, 2, 3, 4])
        image = f"/var/lib/xen/images/{name}.img"
        self.dom0.ok(f"cp /var/lib/xen/images/{kind}.img {image}")
        config = self.dom0.config(name, vcpus=vcpus, memory=self.rng.choice([144, 160, 192]),
                                  extra=f"console=hvc0 ip=10.77.0.{20 + self.serial % 200}/24 guest.sh=guest.sh",
                                  disk=[f"{image},raw,xvda,w"], vif=["bridge=xenbr0"], on_crash="preserve")
        self.dom0.ok(f"xl create {config}")
        self.linux[name] = vcpus

    def create_small(self):
        """A guest on the runtime; the hostile ones are killed or give up by themselves."""
        name = self.new_name("small")
        guest, extra = self.rng.choice([("hello", ""), ("test-abi-memory", ""), ("test-abi-events", ""),
                                        ("test-hostile", "mode=fuzz seed=7 count=20000"), ("test-hostile", "mode=storm"),
                                        ("test-hostile", "mode=fault"), ("test-hostile", "mode=spin")])
        config = self.dom0.config(name, kernel=f"/root/guests/{guest}", ramdisk=None, memory=16, extra=extra,
                                  vcpus=1, on_poweroff="destroy", on_crash="destroy")
        self.dom0.ok(f"xl create {config}")
        if extra in ("mode=storm", "mode=spin"):
            self.dom0.ok(f"sleep 2; xl destroy {name}")

    def destroy(self):
        """Ends a Linux guest wherever it is."""
        name = self.rng.choice(list(self.linux))
        log = self.dom0.guest_log(name)
        assert not trouble(log), "\n".join(trouble(log))
        self.dom0.ok(f"xl destroy {name}; rm -f /var/lib/xen/images/{name}.img")
        del self.linux[name]

    def change(self):
        """Pauses for a moment, or gives and takes vCPUs."""
        name = self.rng.choice(list(self.linux))
        if self.rng.random() < 0.3:
            # Not for long, or Linux takes the time that it missed for a lock-up of its own.
            self.dom0.ok(f"xl pause {name}; sleep 1; xl unpause {name}")
        elif self.linux[name] > 1:
            set_vcpus(self.dom0, name, self.rng.randint(1, self.linux[name]), self.linux[name])

    def step(self):
        """One event."""
        choice = self.rng.random()
        if len(self.linux) < 2 or (choice < 0.35 and len(self.linux) < GUESTS):
            self.create_linux(self.rng.choice(["build", "disk"]))
        elif choice < 0.5:
            self.create_small()
        elif choice < 0.65:
            self.destroy()
        else:
            self.change()

    def finish(self):
        """Every guest that is left must still do its work; then all go."""
        for name in self.linux:
            at = len(self.dom0.guest_log(name))
            self.dom0.wait(lambda: re.search(r"round \d+", self.dom0.guest_log(name)[at:]),  # pylint: disable=W0640
                           f"work of {name}", 120)
        while self.linux:
            self.destroy()


def test_mixed_load(dom0):
    print(f"LOAD_SEED={SEED} LOAD_SECONDS={SECONDS}")
    load = Load(dom0, random.Random(SEED))
    before = dom0.snapshot()
    end = time.monotonic() + SECONDS
    steps = 0
    while time.monotonic() < end:
        load.step()
        steps += 1
        dom0.ok(f"sleep {load.rng.choice([0, 1, 2, 4])}")
        console = dom0.console()
        assert not trouble(console), "\n".join(trouble(console))
    load.finish()
    dom0.assert_unchanged(before)
    print(f"{steps} events")
