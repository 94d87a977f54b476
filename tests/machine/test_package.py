"""The package on a running station: an upgrade keeps the station, removal keeps it, purging asks first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine.dock import Dock
from tests.machine.sticks import Volume, recordings

pytestmark = pytest.mark.machine

ROOT = Path(__file__).resolve().parents[2]
# pip and the compiler at work under emulation.
UPGRADE_S = 900


@pytest.fixture(scope="session")
def newer_deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same dockd as a package that is newer than the installed one."""
    out = tmp_path_factory.mktemp("newer")
    command = [sys.executable, str(ROOT / "packaging/build_deb.py"), "--out", str(out), "--revision", "2"]
    return Path(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def test_an_upgrade_keeps_the_station_and_starts_the_new_one(dock: Dock, newer_deb: Path) -> None:
    clips = recordings(2)
    dock.seat(dock.recorder("one", Volume(clips)), 1)
    dock.wait(1, "take-it")
    before, held, old = dock.custody(), dock.held(), dock.machine.say("systemctl show -P MainPID dockd")
    dock.machine.give(newer_deb, "/var/tmp/newer.deb")
    dock.machine.say("DEBIAN_FRONTEND=noninteractive dpkg -i /var/tmp/newer.deb", timeout_s=UPGRADE_S)
    assert dock.machine.say("dpkg-query -W -f '${Status} ${Version}' dockd").endswith("-2")
    assert dock.machine.say("systemctl is-active dockd").strip() == "active"
    assert dock.machine.say("systemctl show -P MainPID dockd") != old
    assert (dock.custody()[: len(before)], dock.held()) == (before, held)
    more = recordings(2, first=30)
    dock.seat(dock.recorder("two", Volume(more)), 2)
    dock.wait(2, "take-it")
    dock.rests(clips, more)


def test_removal_keeps_the_station_and_purging_without_a_yes_does_too(dock: Dock) -> None:
    clips = recordings(2)
    dock.seat(dock.recorder("one", Volume(clips)), 1)
    dock.wait(1, "take-it")
    everything = "cd /var/lib/dockd && sha256sum $(find . -type f ! -name 'catalog.db-*' | sort)"
    dock.machine.say("systemctl stop dockd")
    assert dock.state(1)["state"] == "off"
    before = dock.machine.say(everything)
    dock.machine.say("systemctl start dockd")
    for act in ("--remove", "--purge"):
        dock.machine.say(f"DEBIAN_FRONTEND=noninteractive dpkg {act} dockd")
        assert dock.machine.run("systemctl is-active dockd").out.strip() in ("inactive", "unknown")
        assert "/run/dockd/volumes" not in dock.machine.say("cat /proc/mounts")
        assert dock.machine.run("ls /usr/lib/dockd").code
        assert dock.machine.say(everything) == before
        assert dock.machine.say("ls /etc/dockd").split() == ["dockd.toml", "station.pub"]


def test_purging_after_a_yes_leaves_nothing_behind(dock: Dock) -> None:
    dock.machine.say("echo 'dockd dockd/remove-recordings boolean true' | debconf-set-selections")
    dock.machine.say("DEBIAN_FRONTEND=noninteractive dpkg --purge dockd")
    assert dock.machine.run("ls -d /var/lib/dockd /etc/dockd").out == ""
