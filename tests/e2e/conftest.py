# SPDX-License-Identifier: MIT
"""
Platforms shared by the tests: each is booted when the first test asks for it, and at most one at a time.
"""

import pytest

from dom0 import DEBIAN_XEN, SHOJI, Dead, Dom0

# name -> hypervisor, tools, CPUs; dom0 has as many vCPUs
PLATFORMS = {
    "shoji": (SHOJI, "shoji", 2),
    "debian-xen": (DEBIAN_XEN, "shoji", 2),
    "debian-tools": (SHOJI, "debian", 2),
    "shoji-4": (SHOJI, "shoji", 4),
}


class Pool:
    """The one platform that is up."""

    def __init__(self):
        self.name = None
        self.dom0 = None
        self.broken = {}

    def get(self, name):
        """The platform of that name, booted if need be."""
        if name in self.broken:
            pytest.fail(f"{name}: did not come up in an earlier test: {self.broken[name]}", pytrace=False)
        if self.name != name or self.dom0.socket is None:
            self.close()
            hypervisor, tools, cpus = PLATFORMS[name]
            try:
                self.dom0 = Dom0(hypervisor, tools, cpus=cpus)
                self.dom0.name = self.name = name
            except Dead as error:
                self.broken[name] = str(error).splitlines()[0]
                pytest.fail(f"{name}: {error}", pytrace=False)
        return self.dom0

    def close(self):
        """Ends it."""
        if self.dom0:
            self.dom0.close()
        self.dom0 = None
        self.name = None


@pytest.fixture(scope="session")
def pool():
    """The pool of platforms."""
    platforms = Pool()
    yield platforms
    platforms.close()


@pytest.fixture
def platform(pool, request):
    """A platform by parameter; every guest that a test leaves is destroyed after it."""
    dom0 = pool.get(request.param)
    yield dom0
    try:
        if dom0.socket:
            dom0.destroy_all()
    except (Dead, AssertionError):
        pool.close()


@pytest.fixture
def dom0(pool):
    """Shoji with its own tools."""
    machine = pool.get("shoji")
    yield machine
    try:
        if machine.socket:
            machine.destroy_all()
    except (Dead, AssertionError):
        pool.close()


def on(*names):
    """Runs a test on each of these platforms."""
    return pytest.mark.parametrize("platform", names, indirect=True)


def pytest_collection_modifyitems(items):
    """Tests on the same platform run after each other, so that each platform boots once."""
    order = list(PLATFORMS)

    def key(item):
        name = getattr(item, "callspec", None) and item.callspec.params.get("platform")
        if name is None and "dom0" in item.fixturenames:
            name = "shoji"
        return order.index(name) if name in order else -1
    items.sort(key=key)
