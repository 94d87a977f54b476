"""How long it takes to work out until when a million clips are kept, and how much memory.

    python -m tests.bench.terms --clips 1000000 --database postgresql

The figures of docs/keeping.md come from here: all terms after a pack was adopted, then the list of what is due.
"""

from __future__ import annotations

import argparse
import gc
import time

from catalog.keeping.events import PackAdopted
from catalog.keeping.queries import term_counts, terms_before
from dockd.__main__ import GARBAGE_OBJECTS
from retention.terms import Judge
from tests.bench.archives import filled_catalogue, own_peak_mib, shipped_pack
from tests.bench.plain_sql import terms_s

TODAY = "2026-11-21"


def main() -> None:
    """Measure, and print a line for each step."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--pack", default="changli-water")
    given = parser.parse_args()
    gc.set_threshold(*GARBAGE_OBJECTS)
    pack = shipped_pack(given.pack)
    with filled_catalogue(given.database, given.clips, searchable=False) as (catalog, _url, _shape):
        before_mib = own_peak_mib()
        print(f"plain SQL: {terms_s(catalog):.1f} s")
        for name in ("first", "again"):
            began, began_cpu = time.monotonic(), time.process_time()
            catalog.append([PackAdopted(pack.name, pack.digest, "user:bench", 0)])
            adopted_s = time.monotonic() - began
            judge, decided = Judge(pack), 0
            while some := catalog.decide_terms(judge):
                decided += some
            all_s = time.monotonic() - began
            print(
                f"{name}: adopted {adopted_s:.1f} s, {decided} decided, {all_s:.1f} s in all, "
                f"{time.process_time() - began_cpu:.1f} s of them at work"
            )
        print(f"peak memory: {before_mib} MiB before, {own_peak_mib()} MiB after")
        began = time.monotonic()
        due = sum(1 for _ in terms_before(catalog, TODAY))
        print(f"{due} due listed: {time.monotonic() - began:.2f} s")
        began = time.monotonic()
        counts = term_counts(catalog, TODAY)
        print(f"{counts}: {time.monotonic() - began:.2f} s")


if __name__ == "__main__":
    main()
