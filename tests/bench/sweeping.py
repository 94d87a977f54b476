"""How long the nightly sweep takes to find and propose what fell due, among very many recordings.

    python -m tests.bench.sweeping --clips 1000000 --database postgresql

The figures of docs/keeping.md come from here; the bound is the same in plain SQL (`plain_sql`).
"""

from __future__ import annotations

import argparse
import gc
import resource
import secrets
import tempfile
import time
from contextlib import ExitStack
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
from retention.terms import Judge
from tests.bench.plain_sql import sweep_s
from tests.bench.replaying import copied, shell_s, written_down
from tests.bench.searching import _made as made
from tests.bench.terms import _pack
from tests.simulators.postgres import DAEMON, OWNER

NIGHT = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
TODAY = "2026-11-22"
STEPS = ("dry run", "proposing", "nothing new")
# Of so many clips, the oldest, the rule pack works out the terms; those behind them are kept without end.
DECIDED = 1_000_000


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


def main() -> None:
    """Measure, and print a line for each step."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--replay", action="store_true", help="ask the same of a copy, by sqlite3 or psql")
    given = parser.parse_args()
    gc.set_threshold(*GARBAGE_OBJECTS)
    pack = _pack("changli-water")
    settings = SweepSettings(ceiling_permille=1000, at_least_clips=10**9)
    config = Config(retention=RetentionSettings(pack=pack.name), sweep=settings)
    adopted = PackAdopted(pack.name, pack.digest, "user:bench", 0)
    filled = made(given.database, given.clips, first=[adopted], undecided=DECIDED, searchable=False)
    with filled as (catalog, owner_url, _shape), tempfile.TemporaryDirectory() as folder, ExitStack() as leave:
        print(f"{_prepare(catalog, Judge(pack), given.due)} of {given.clips} clips are due")
        _settle(owner_url)
        print(f"plain SQL: {', '.join(f'{sweep_s(catalog, owner_url, TODAY):.2f}' for _run in range(3))} s")
        url = owner_url if given.database == "sqlite" else owner_url.replace(OWNER, DAEMON)
        catalog._engine.dispose()
        copy = leave.enter_context(copied(url, owner_url)) if given.replay else None
        home = Home.at(folder)
        opened = Opened(home, config, _station(catalog, home), acting=Acting("user:bench", None))
        for step in STEPS:
            began, began_cpu = time.monotonic(), time.process_time()
            with written_down(catalog._engine) as script:
                swept = sweep(opened, dry_run=step == STEPS[0])
            took_s = time.monotonic() - began
            assert not swept.stopped, swept.stopped
            print(f"{step}: {len(swept.proposed)} in {len(swept.batches)} batches, {took_s:.2f} s", end="")
            print(f", {time.process_time() - began_cpu:.2f} s of them at work, peak {_peak_mib()} MiB", end="")
            if copy is not None:
                alone_s = shell_s(copy, script.text(url))
                print(f"; its statements in the database's shell {alone_s:.2f} s: {took_s / alone_s:.2f}", end="")
            print()


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


def _settle(owner_url: str) -> None:
    """What filling leaves to be tidied up is no work of the sweep's."""
    engine = engines.engine_for(engines.parse_url(owner_url))
    sqlite = engine.dialect.name == "sqlite"
    tidying = "PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else "VACUUM ANALYZE clip_terms"
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(tidying)
    engine.dispose()


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
