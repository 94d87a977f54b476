"""A worn recorder with a clock of its own, and a station whose time the test chooses."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from catalog.store import Catalog
from dockd.assembly import build, load_key, station_id
from dockd.clearing import Clearing
from dockd.clocks.setting import set_clock
from dockd.config import Home
from dockd.config_file import database_url, load
from dockd.docking import Docking
from dockd.listing import Volume
from dockd.recovery import come_to_rest
from dockd.results import Progress, Result
from dockd.station import Station
from dockd.usb import Origin

CHINA = ZoneInfo("Asia/Shanghai")
ORDER = "TIMESET.TXT"
SERIAL, OFFICER = "4410023", "100234"

FAMILY = """
name = "worn"
extends = "folder"
title = { zh = "模拟记录仪", en = "simulated recorder" }
rank = 90
clear = ["video"]

[[recognise]]
files = ["worn.ini"]

[[names]]
pattern = '(?P<recorder>[0-9]{7})_(?P<officer>[0-9]{6})_(?P<start>[0-9]{14})(?:_(?P<sequence>[0-9]{4}))?'
start = ["%Y%m%d%H%M%S"]

[kinds]
log = ["log"]

[clock]
measure = ["log-line", "newest-file"]
set = "TIMESET.TXT"
defaults = [2016-01-01]

[binding]
files = ["worn.ini"]
encodings = ["utf-8-sig"]
recorder = ["serial"]

[[log]]
files = ["*.log"]
stamp = '(?P<at>[0-9-]{10} [0-9:]{8})\\s+'
time = ["%Y-%m-%d %H:%M:%S"]

[[log.line]]
kind = "connected"
pattern = '^连接采集站'

[[log.line]]
kind = "record-start"
pattern = '^开始录像'

[[log.line]]
kind = "power-on"
pattern = '^开机'
"""


@dataclass
class Worn:
    """A recorder whose card is a folder. Its clock shows true time plus `offset`, plus `drift_s_per_day` since `set_at`
    (true time).
    """

    card: Path
    offset: timedelta = timedelta()
    drift_s_per_day: float = 0.0
    set_at: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    logs: bool = True
    obedient: bool = True
    count: int = 0
    truth: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.card.mkdir(parents=True, exist_ok=True)
        (self.card / "worn.ini").write_text(f"serial={SERIAL}\n")

    def shows(self, true: datetime) -> datetime:
        """What its clock shows, naive."""
        ran = (true - self.set_at).total_seconds() / 86_400 * self.drift_s_per_day
        return (true + self.offset + timedelta(seconds=ran)).astimezone(CHINA).replace(tzinfo=None, microsecond=0)

    def records(self, true: datetime, *, numbered: bool = False) -> str:
        """Record something; the file's name."""
        self.count += 1
        tail = f"_{self.count:04d}" if numbered else ""
        name = f"{SERIAL}_{OFFICER}_{self.shows(true):%Y%m%d%H%M%S}{tail}.mp4"
        (self.card / name).write_bytes(hashlib.sha256(f"{self.count}{true}".encode()).digest() * 50)
        self.truth[name] = true
        self.logs_line(true, "开始录像")
        return name

    def plugged(self, true: datetime) -> None:
        """It is connected to a station."""
        self.logs_line(true, "连接采集站")

    def switched_on(self, true: datetime) -> None:
        """Obey an order that lies there, and delete it."""
        order = self.card / ORDER
        if self.obedient and order.exists():
            told = datetime.strptime(order.read_text().strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
            self.offset, self.set_at = told - true, true
            order.unlink()

    def loses_power(self, true: datetime, start: datetime) -> None:
        """Its clock starts anew at `start` (naive, what it shows)."""
        self.offset, self.set_at = start.replace(tzinfo=CHINA) - true, true

    def logs_line(self, true: datetime, text: str) -> None:
        """A line in its log."""
        if self.logs:
            with open(self.card / "run.log", "a", encoding="utf-8") as file:
                file.write(f"{self.shows(true):%Y-%m-%d %H:%M:%S} {text}\n")


def knows_worn(home: Path) -> None:
    """Give an initialised home the family of this recorder."""
    (home / "families").mkdir(exist_ok=True)
    (home / "families" / "worn.toml").write_text(FAMILY, encoding="utf-8")


@contextmanager
def station_at(home: Path, now: datetime, *, synced: bool | None = True) -> Iterator[Station]:
    """The station of an initialised home, at a time; a millisecond passes at each look at its clock."""
    time = [now]

    def clock() -> datetime:
        time[0] += timedelta(milliseconds=1)
        return time[0]

    where = Home.at(str(home))
    config, key = load(where), load_key(where)
    catalog = Catalog.open(database_url(config, where, os.environ), station_id(key), clock=clock)
    try:
        station = build(where, config, key, catalog)
        station.clock, station.clock_synced = clock, lambda: synced
        come_to_rest(station)
        yield station
    finally:
        catalog.close()


def docked(
    home: Path,
    worn: Worn,
    at: datetime,
    *,
    seen: bool = True,
    clear: bool = False,
    synced: bool | None = True,
) -> Result:
    """Plug a recorder in and dock it ten seconds later; `seen` is whether the station saw when. `clear` clears it and
    sets its clock, as `dockd dock --clear after-verify` does.
    """
    worn.plugged(at)
    with station_at(home, at + timedelta(seconds=10), synced=synced) as station:
        with Volume.open(station.files, str(worn.card)) as volume:
            origin = Origin(None, at if seen else None)
            docking = Docking(
                station, str(worn.card), slot=1, progress=Progress(1), stop=threading.Event(), origin=origin
            )
            result = docking.run(volume)
            if clear:
                set_clock(docking, volume, Clearing(docking, result, volume).run().kept)
    return result
