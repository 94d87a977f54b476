"""A real station of an agency: SQLite and a vault in a folder, its people, a clock that may be wrong, and power cuts.

All that happens on it goes through what the commands go through, as whoever does it.
"""

from __future__ import annotations

import os
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.people.queries import account_for, account_named
from catalog.store import Catalog
from dockd.assembly import Opened, build, load_key, station_id
from dockd.config import Home
from dockd.config_file import database_url, load
from dockd.partials import Partials
from dockd.people.acting import Acting
from dockd.recovery import come_to_rest
from dockd.station import Copying
from dockd.vault import Vault
from hashing.filecalls import OsFileCalls
from tests.simulators.keeping import Keeping
from tests.simulators.legal_end import FileRule

# How long what is to go lies set aside, where an agency has not left it at 30 days.
GRACE_DAYS = {"yexian-transport": 7, "qianxi-baimiaozi": 0}


class PowerCut(BaseException):
    """The power went: nothing of the process goes on."""


class CutFiles(OsFileCalls):
    """The kernel's calls, until the power goes at one that changes the disk; from then on none changes anything."""

    def __init__(self) -> None:
        self.left: int | None = None

    def cut_at(self, number: int) -> None:
        """The power goes just before the so manyeth change from now."""
        self.left = number

    def _change(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                raise PowerCut

    def pwrite(self, fd: int, data: Any, offset: int) -> int:
        self._change()
        return super().pwrite(fd, data, offset)

    def fsync(self, fd: int) -> None:
        self._change()
        super().fsync(fd)

    def move_new(self, source: Any, target: Any) -> None:
        self._change()
        super().move_new(source, target)

    def replace(self, source: Any, target: Any) -> None:
        self._change()
        super().replace(source, target)

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._change()
        super().unlink(path, dir_fd=dir_fd)

    def mkdir(self, path: Any, mode: int = 0o750) -> None:
        self._change()
        super().mkdir(path, mode)

    def rmdir(self, path: Any) -> None:
        self._change()
        super().rmdir(path)


class Clock:
    """The station's clock: it goes a millisecond a look, and is set by whoever plays the world."""

    def __init__(self) -> None:
        self.now = datetime(2027, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class AgencyStation:
    """The station of one agency under `folder`. `opened` is it as it stands; `by` makes somebody act on it."""

    def __init__(self, folder: Path, agency: str, seed: int, settled: Path | None = None) -> None:
        """`settled` is a station with people that nobody uses: it is copied, or made where there is none."""
        self.agency = agency
        self.clock, self.clock_is_right = Clock(), True
        self._chance = random.Random(f"{agency}/{seed}")
        if settled is None:
            Keeping.at(folder, agency, people=True)
        else:
            shutil.copytree(settled, folder, dirs_exist_ok=True)
        self._keeping = Keeping(folder)
        self._write_settings(agency, "", 0)
        self.start()

    def start(self) -> None:
        """Switch it on: it comes to rest first."""
        home = Home.chosen(str(self._keeping.home / "station"), {})
        config, key = load(home), load_key(home)
        catalog = Catalog.open(database_url(config, home, os.environ), station_id(key), clock=self.clock)
        station = build(home, config, key, catalog)
        station.files = self.files = CutFiles()
        station.vault = Vault(self.files, config.vault_dir(home))
        station.partials = Partials(station.vault)
        station.clock, station.clock_synced = self.clock, lambda: self.clock_is_right
        station.random_hex = lambda digits: f"{self._chance.getrandbits(4 * digits):0{digits}x}"
        station.copying = Copying(block_bytes=64 * 1024, blocks=4, stall_s=60.0)
        self.opened = Opened(home, config, station)
        self.vault_dir = config.vault_dir(home)
        come_to_rest(station)

    def stop(self) -> None:
        """Switch it off."""
        self.opened.station.catalog.close()

    def restart(self) -> None:
        """Off and on again."""
        self.stop()
        self.start()

    def by(self, name: str) -> Opened:
        """The station while that account acts on it."""
        catalog = self.opened.station.catalog
        row = account_named(catalog, name)
        assert row is not None, name
        account = account_for(catalog, row)
        self.opened.acting = Acting(account.person.actor, account)
        return self.opened

    def write_pack(self, files: dict[str, FileRule], permille: int = 0) -> None:
        """Name another pack in the settings: the agency's regulation, with what it says of its case files.

        `permille` is how much of the archive a change may make due, where it is not as usual.
        """
        entries = "".join(
            f'[[case_files]]\nid = "{kind}"\nyears = {rule.years}\n'
            f'counted_from = "{"new-year" if rule.from_new_year else "closing"}"\n'
            for kind, rule in files.items()
        )
        self._write_settings("own", f'name = "own"\nextends = "{self.agency}"\n{entries}', permille)
        self.restart()

    def _write_settings(self, pack: str, own_pack: str, permille: int) -> None:
        self._keeping.set_pack(pack, own_pack)
        with (self._keeping.home / "station" / "dockd.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"[sweep]\ngrace_days = {GRACE_DAYS.get(self.agency, 30)}\n")
            if permille:
                settings.write(f"[change]\nrefuse_above_permille = {permille}\n")
