"""A station for every play: booted and frozen once a run, restored in a second, with nothing of the play before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine.dock import Dock
from tests.machine.image import CACHE, Image, station_image
from tests.machine.machine import Machine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def deb() -> Path:
    """The package, built from this checkout."""
    command = [sys.executable, str(ROOT / "packaging/build_deb.py"), "--out", str(CACHE / "deb")]
    return Path(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


@pytest.fixture(scope="session")
def image(deb: Path) -> Image:
    """The disk of a station with that package."""
    return station_image(deb)


@pytest.fixture(scope="session")
def frozen(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A booted station with the daemon at work and the kernel's modules loaded, frozen."""
    folder = tmp_path_factory.mktemp("frozen")
    with Machine(image) as machine:
        machine.boot()
        machine.say("systemctl is-active dockd && modprobe -a usb_storage vfat exfat")
        # Started once on demand: the first mount of a play need not wait for it.
        machine.say("systemctl start polkit")
        machine.snapshot(folder)
    return folder


@pytest.fixture
def dock(image: Image, frozen: Path, tmp_path: Path) -> Iterator[Dock]:
    """A station at work, with eight empty bays."""
    with Machine.restore(image, frozen) as machine:
        yield Dock(machine, tmp_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A play that failed shows what the station had to say."""
    report = yield
    arguments: dict[str, Any] = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and isinstance(dock := arguments.get("dock"), Dock):
        try:
            report.sections.append(("journal of the station", dock.journal()))
        except RuntimeError as gone:
            report.sections.append(("journal of the station", str(gone)))
    return report
