"""How long the nightly sweep takes to find and propose what fell due, among very many recordings.

    python -m tests.bench.sweeping --clips 1000000 10000000 --database sqlite postgresql --rounds 6

The figures of docs/keeping.md come from here; the catalogues take turns. The bounds are the same in plain SQL: the
least of it (`plain_sql`), and with `--replay` all that the sweep itself asked, by the database's shell (`replaying`).
"""

from __future__ import annotations

import argparse
import gc
import secrets
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text

from catalog import engines
from catalog.keeping.events import PackAdopted
from catalog.keeping.model import NO_END
from catalog.store import Catalog
from dockd.__main__ import GARBAGE_OBJECTS
from dockd.assembly import Opened
from dockd.config import Config, Home, RetentionSettings
from dockd.partials import Partials
from dockd.people.acting import Acting
from dockd.station import Station
from dockd.sweep.settings import SweepSettings
from dockd.sweep.sweeping import sweep
from dockd.vault import Vault
from hashing.digest import Algorithm
from hashing.filecalls import OsFileCalls
from hashing.signing import SigningKey
from retention.pack import Pack
from retention.terms import Judge
from tests.bench.archives import filled_catalogue, own_peak_mib, shipped_pack
from tests.bench.figures import Spread
from tests.bench.plain_sql import sweep_s
from tests.bench.replaying import copied, shell_s, written_down
from tests.simulators.postgres import DAEMON, OWNER

NIGHT = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
TODAY = "2026-11-22"
STEPS = ("dry run", "proposing", "nothing new")
# Of so many clips, the oldest, the rule pack works out the terms; those behind them are kept without end.
DECIDED = 1_000_000
# What a sweep leaves on record, so that the next round finds what this one found.
_LEFT = ("batch_clips", "batches", "sweeps")


@dataclass(slots=True)
class Archive:
    """One filled catalogue; `times_s` by step, and, behind a step's name, of its statements in the shell."""

    database: str
    clips: int
    opened: Opened
    owner_url: str
    times_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        return f"{self.database}, {self.clips:,} clips"


def main() -> None:
    """Measure, print a line for each step of each round, then a table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--clips", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), nargs="+", default=["sqlite"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--replay", action="store_true", help="ask the same of a copy, by sqlite3 or psql")
    given = parser.parse_args()
    gc.set_threshold(*GARBAGE_OBJECTS)
    pack = shipped_pack("changli-water")
    with ExitStack() as leave:
        archives = [_archive(leave, name, clips, pack, given.due) for name in given.database for clips in given.clips]
        for number in range(given.rounds):
            print(f"round {number + 1} of {given.rounds}")
            for archive in archives:
                _one_round(archive, replay=given.replay)
        print(f"\nmedian (least-greatest) of {given.rounds}, seconds; peak of this process {own_peak_mib()} MiB")
        for archive in archives:
            _tell(archive, archives)


def _archive(leave: ExitStack, database: str, clips: int, pack: Pack, due: int) -> Archive:
    adopted = PackAdopted(pack.name, pack.digest, "user:bench", 0)
    filled = filled_catalogue(database, clips, first=[adopted], undecided=DECIDED, searchable=False)
    catalog, owner_url, _shape = leave.enter_context(filled)
    home = Home.at(leave.enter_context(tempfile.TemporaryDirectory()))
    print(f"{_prepare(catalog, Judge(pack), due)} of {clips} clips are due")
    settings = SweepSettings(ceiling_permille=1000, at_least_clips=10**9)
    config = Config(retention=RetentionSettings(pack=pack.name), sweep=settings)
    opened = Opened(home, config, _station(catalog, home), acting=Acting("user:bench", None))
    return Archive(database, clips, opened, owner_url)


def _station(catalog: Catalog, home: Home) -> Station:
    """The station of that catalogue, in the middle of the night."""
    vault = Vault(OsFileCalls(), home.data_dir)
    return Station(
        id=catalog.station,
        files=vault.files,
        vault=vault,
        partials=Partials(vault),
        catalog=catalog,
        key=SigningKey.generate(),
        families=(),
        department="城关中队",
        zone=ZoneInfo("Asia/Shanghai"),
        algorithms=(Algorithm.BLAKE3,),
        clock=lambda: NIGHT,
        random_hex=lambda digits: secrets.token_hex(digits // 2),
        clock_synced=lambda: True,
        sweep_lock=home.lock_of("sweep"),
    )


def _prepare(catalog: Catalog, judge: Judge, due: int) -> int:
    """Work terms out, and leave so many clips due; the others have no end or a day to come. How many are due."""
    while catalog.decide_terms(judge):
        pass
    others = (
        "UPDATE clip_terms SET keep_until = :never WHERE keep_until < :today AND clip NOT IN"
        " (SELECT clip FROM clip_terms WHERE keep_until < :today ORDER BY clip LIMIT :due)"
    )
    with catalog._engine.begin() as connection:
        # The filled sessions have no counts, by which a share is measured.
        connection.execute(text("UPDATE sessions SET ingested = 1000, ingested_bytes = 1000000000000"))
        connection.execute(text(others), {"never": NO_END, "today": TODAY, "due": due})
        return int(
            connection.scalar(text("SELECT count(*) FROM clip_terms WHERE keep_until < :today"), {"today": TODAY})
        )


def _one_round(archive: Archive, *, replay: bool) -> None:
    """A dry run, a sweep, and one that finds nothing new."""
    catalog = archive.opened.station.catalog
    _settle(archive.owner_url)
    archive.times_s["least plain SQL"].append(sweep_s(catalog, archive.owner_url, TODAY))
    _settle(archive.owner_url)
    catalog._engine.dispose()
    with ExitStack() as leave:
        url = archive.owner_url if archive.database == "sqlite" else archive.owner_url.replace(OWNER, DAEMON)
        copy = leave.enter_context(copied(url, archive.owner_url)) if replay else None
        for step in STEPS:
            began, began_cpu = time.monotonic(), time.process_time()
            with written_down(catalog._engine) as script:
                swept = sweep(archive.opened, dry_run=step == STEPS[0])
            took_s, cpu_s = time.monotonic() - began, time.process_time() - began_cpu
            assert not swept.stopped, swept.stopped
            archive.times_s[step].append(took_s)
            found = f"{len(swept.proposed)} in {len(swept.batches)} batches"
            print(f"  {archive}: {step}: {found}, {took_s:.2f} s, {cpu_s:.2f} s of them at work", flush=True)
            if copy is not None:
                archive.times_s[_in_shell(step)].append(shell_s(copy, script.text(url)))


def _settle(owner_url: str) -> None:
    """What a round has left goes; what filling and sweeping leave to be tidied up is no work of the next sweep's."""
    engine = engines.engine_for(engines.parse_url(owner_url))
    with engine.begin() as connection:
        for table in _LEFT:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    sqlite = engine.dialect.name == "sqlite"
    tidying = "PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else f"VACUUM ANALYZE clip_terms, {', '.join(_LEFT)}"
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(tidying)
    engine.dispose()


def _tell(archive: Archive, archives: list[Archive]) -> None:
    """Its times; each step through that of the smallest archive on the same database, and through the shell's."""
    smallest = min((one for one in archives if one.database == archive.database), key=lambda one: one.clips)
    print(f"{archive}")
    for name, times_s in archive.times_s.items():
        print(f"  {name}: {Spread.of(times_s).text(2)}", end="")
        if smallest is not archive:
            print(f"; through that among {smallest.clips:,}: {_ratio(times_s, smallest.times_s[name])}", end="")
        if (shell := archive.times_s.get(_in_shell(name))) is not None:
            print(f"; through its statements in the shell: {_ratio(times_s, shell)}", end="")
        print()


def _ratio(ours_s: list[float], theirs_s: list[float]) -> str:
    return Spread.of([ours / theirs for ours, theirs in zip(ours_s, theirs_s, strict=True)]).text(2)


def _in_shell(step: str) -> str:
    return f"{step}, its statements in the shell"


if __name__ == "__main__":
    main()
