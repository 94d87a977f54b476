"""How long each list of clips and of cases takes in a catalogue of a million clips, and what such a catalogue takes.

    python -m tests.bench.searching --clips 1000000 --database postgresql

The figures of docs/performance.md come from here. Each query runs nine times; "first" is the first of them, which also
builds its statement and finds nothing in the database's own cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from catalog.cases.bigrams import words_of
from catalog.cases.model import CaseSearch, ClipSearch
from catalog.cases.queries import cases_page
from catalog.cases.searching import clips_page
from catalog.cases.states import State
from tests.bench.archives import filled_catalogue, size_bytes
from tests.simulators.large import DEPARTMENTS, SECTIONS, Shape

_RUNS = 9
PAGE = 50


def clip_searches(shape: Shape) -> dict[str, ClipSearch]:
    """What people ask of clips: the keys of D05, alone and together, common, rare and in vain."""
    middle = shape.at(shape.count // 2)
    section = (SECTIONS[0], *(one for one in DEPARTMENTS if one.startswith(SECTIONS[0])))
    everywhere = (*SECTIONS, *DEPARTMENTS)
    return {
        "newest": ClipSearch(),
        "a month": ClipSearch(since=middle, until=middle + timedelta(days=30)),
        "officer": ClipSearch(officer="000017"),
        "officer, a month": ClipSearch(officer="000017", since=middle, until=middle + timedelta(days=30)),
        "recorder": ClipSearch(recorder="X0017"),
        "recorder and rare class": ClipSearch(recorder="X0017", clip_class="general-procedure"),
        "class": ClipSearch(clip_class="general-procedure"),
        "unclassified photos": ClipSearch(clip_class="unclassified", kind="photo"),
        "department": ClipSearch(departments=(DEPARTMENTS[3],)),
        "section with its teams": ClipSearch(departments=section),
        "all departments by name": ClipSearch(departments=everywhere),
        "section, rare class, photos": ClipSearch(departments=section, clip_class="general-procedure", kind="photo"),
        "a class nobody used": ClipSearch(departments=everywhere, clip_class="none"),
        "an officer nobody knows": ClipSearch(officer="999999"),
        "two signs of a cause": ClipSearch(words=words_of("取水")),
        "the same, of an officer": ClipSearch(words=words_of("取水"), officer="000017"),
        "the same, of a section": ClipSearch(words=words_of("取水"), departments=section),
        "two words": ClipSearch(words=words_of("过期 王芳")),
        "a year": ClipSearch(words=words_of("2024")),
        "beginning of a number": ClipSearch(words=words_of("2024-昌水罚-0")),
        "year and office of a number": ClipSearch(words=words_of(f"{shape.at(shape.count // 2).year}-昌水罚-")),
        "party of two signs": ClipSearch(party=words_of("王芳")),
        "party of three signs": ClipSearch(party=words_of("李伟敏")),
        "a surname, one sign": ClipSearch(words=words_of("王")),
        "cause and party": ClipSearch(cause=words_of("取水"), party=words_of("王芳")),
        "a note": ClipSearch(words=words_of("围观群众 王芳")),
        "a common note": ClipSearch(words=words_of("围观")),
        "words that stand nowhere": ClipSearch(words=words_of("不存在的词")),
        "a year and a class nobody used": ClipSearch(words=words_of("2024"), clip_class="none"),
        "case": ClipSearch(case=shape.case_id(shape.case_count // 2)),
    }


def case_searches() -> dict[str, CaseSearch]:
    """What people ask of cases."""
    section = (SECTIONS[0], *(one for one in DEPARTMENTS if one.startswith(SECTIONS[0])))
    return {
        "cases, newest": CaseSearch(),
        "cases of a section": CaseSearch(departments=section),
        "cases of an officer": CaseSearch(officer="000017"),
        "cases by two signs": CaseSearch(words=words_of("取水")),
        "cases by party": CaseSearch(party=words_of("王芳")),
        "cases by year": CaseSearch(words=words_of("2024")),
        "cases by kind": CaseSearch(kind="coercive-measure"),
        "cases that are open": CaseSearch(state=State.OPEN),
        "cases whose file is overdue": CaseSearch(ended_by=Shape(1, "").at(1).date()),
    }


def _row(name: str, ask: Callable[[], str]) -> str:
    times_ms = []
    answer = ""
    for _run in range(_RUNS):
        began = time.perf_counter()
        answer = ask()
        times_ms.append((time.perf_counter() - began) * 1000)
    return f"| {name} | {times_ms[0]:.0f} | {statistics.median(times_ms):.1f} | {max(times_ms[1:]):.1f} | {answer} |"


def main() -> None:
    """Fill, ask, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    began = time.perf_counter()
    with filled_catalogue(asked.database, asked.clips) as (catalog, _url, shape):
        print(f"{asked.database}, {asked.clips} clips, {shape.case_count} cases, filled in ", end="")
        print(f"{time.perf_counter() - began:.0f} s; {size_bytes(catalog) / asked.clips:.0f} bytes a clip; ", end="")
        print(f"{os.cpu_count()} CPUs\n\n| list | first ms | median ms | slowest ms | rows |\n|---|---|---|---|---|")
        for name, search in clip_searches(shape).items():

            def clips_of(search: ClipSearch = search) -> str:
                page = clips_page(catalog, search, PAGE)
                return f"{len(page.clips)}{' and more' if page.next else ''}"

            print(_row(name, clips_of), flush=True)
        later = (shape.at(shape.count // 3), "0")
        print(_row("newest, page far behind", lambda: str(len(clips_page(catalog, ClipSearch(), PAGE, later).clips))))
        for name, wanted in case_searches().items():
            print(_row(name, lambda wanted=wanted: str(len(cases_page(catalog, wanted, PAGE)))), flush=True)  # type: ignore[misc]


if __name__ == "__main__":
    main()
