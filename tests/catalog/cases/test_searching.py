"""Searches over many clips: the right ones whichever way they are found, page behind page, each by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.cases import finding, searching
from catalog.cases.model import CaseRow, CaseSearch, ClipSearch
from catalog.cases.queries import cases_of_clips, cases_page, notes_of_clip
from catalog.cases.searching import all_clips, clips_page
from catalog.cases.states import State
from catalog.model import Clip
from catalog.store import Catalog
from tests.catalog.plans import plans_of
from tests.conftest import STATION
from tests.simulators.large import DEPARTMENTS, SECTIONS, Shape, fill
from tests.simulators.postgres import PostgresServer

SOME, MANY = 1_500, 20_000
SECTION = (SECTIONS[0], *(one for one in DEPARTMENTS if one.startswith(SECTIONS[0])))


Made = Callable[[int], Catalog]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Makes a filled catalogue of so many clips, once for all tests of this file."""
    folder: Path = tmp_path_factory.mktemp("large")
    ready: dict[int, Catalog] = {}

    def of(count: int) -> Catalog:
        if count not in ready:
            if request.param == "sqlite":
                url = owner_url = f"sqlite:///{folder}/{count}.db"
                Catalog.create(url)
            else:
                server: PostgresServer = request.getfixturevalue("postgres")
                database = server.new_database()
                url, owner_url = database.url, database.owner_url
            fill(owner_url, count, STATION)
            ready[count] = Catalog.open(url, STATION)
        return ready[count]

    yield of
    for catalog in ready.values():
        catalog.close()


# ------------------------------------------------------------------------------------------------- the right clips


Known = tuple[list[Clip], dict[str, list[CaseRow]], dict[str, list[str]]]


@pytest.fixture(scope="module")
def known(made: Made) -> Known:
    """All clips, newest first, with their cases and notes."""
    catalog = made(SOME)
    clips = sorted(catalog.clips(), key=lambda clip: clip.position, reverse=True)
    notes = {clip.id: [note.note for note in notes_of_clip(catalog, clip.id)] for clip in clips}
    return clips, cases_of_clips(catalog, [clip.id for clip in clips]), notes


def _meets(known: Known, clip: Clip, search: ClipSearch) -> bool:
    """What a search means, said once more and slowly."""
    equal = ("recorder", "officer", "session", "kind", "clip_class")
    if any(getattr(search, name) not in (None, getattr(clip, name)) for name in equal):
        return False
    if search.departments is not None and clip.department not in search.departments:
        return False
    if (search.since and clip.sort_at < search.since) or (search.until and clip.sort_at >= search.until):
        return False
    cases = known[1].get(clip.id, [])
    if search.case is not None:
        cases = [case for case in cases if case.id == search.case]
        if not cases:
            return False
    texts = [
        (f"{case.number}\n{case.cause}\n" + "\n".join(case.parties), case.cause, "\n".join(case.parties))
        for case in cases
    ]
    if search.words and not (search.party or search.cause or search.case):
        texts += [(note, "", "") for note in known[2][clip.id]]
    wanted = (search.words, search.cause, search.party)
    return not search.by_text or any(
        all(word in text for words, text in zip(wanted, three, strict=True) for word in words) for three in texts
    )


SHAPE = Shape(SOME, STATION)
SEARCHES = [
    ClipSearch(),
    ClipSearch(departments=SECTION),
    ClipSearch(departments=(DEPARTMENTS[0],), kind="audio"),
    ClipSearch(departments=SECTION, officer="000020"),
    ClipSearch(departments=()),
    ClipSearch(recorder="X0017", clip_class="unclassified"),
    ClipSearch(clip_class="routine", kind="photo", departments=SECTION),
    ClipSearch(session="s00000007"),
    ClipSearch(since=SHAPE.at(100), until=SHAPE.at(300)),
    ClipSearch(case=SHAPE.case_id(3)),
    ClipSearch(case=SHAPE.case_id(3), kind="video"),
    ClipSearch(case=SHAPE.case_id(3), words=("2024",)),
    ClipSearch(case=SHAPE.case_id(3), words=("2031",)),
    ClipSearch(words=("取水",)),
    ClipSearch(words=("取水",), departments=SECTION),
    ClipSearch(words=("取水", "王")),
    ClipSearch(words=("2025",), clip_class="routine"),
    ClipSearch(words=("围观",)),
    ClipSearch(words=("在场",), since=SHAPE.at(500)),
    ClipSearch(party=("王",)),
    ClipSearch(party=("王",), cause=("取水",)),
    ClipSearch(party=("取水",)),
    ClipSearch(words=("不存在",)),
]


@pytest.mark.parametrize("search", SEARCHES, ids=str)
@pytest.mark.parametrize(("few", "walked"), [(1_000, 2_000), (3, 70), (0, 1)], ids=["gathered", "short", "walked"])
def test_every_way_of_searching_finds_what_is_meant_newest_first(
    made: Made, known: Known, search: ClipSearch, few: int, walked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = made(SOME)
    monkeypatch.setattr(finding, "FEW", few)
    monkeypatch.setattr(finding, "CANDIDATES", few * 10)
    monkeypatch.setattr(searching, "WALKED", max(walked, 25))
    wanted = [clip.id for clip in known[0] if _meets(known, clip, search)]
    assert [clip.id for clip in all_clips(catalog, search, limit=400)] == wanted


@pytest.mark.parametrize("search", [ClipSearch(departments=SECTION), ClipSearch(words=("取水",))], ids=str)
def test_pages_go_on_behind_the_last_clip_seen(made: Made, search: ClipSearch) -> None:
    catalog = made(SOME)
    seen: list[str] = []
    page = clips_page(catalog, search, 7)
    while True:
        seen += [clip.id for clip in page.clips]
        if page.next is None:
            break
        page = clips_page(catalog, search, 7, page.next)
    assert seen == [clip.id for clip in all_clips(catalog, search)]
    assert len(seen) > 20


def test_a_page_that_looked_in_vain_says_how_far_it_came(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "CANDIDATES", 0)
    monkeypatch.setattr(searching, "WALKED", 100)
    page = clips_page(made(SOME), ClipSearch(words=("2024-昌",)), 50)
    # The newest hundred are of 2026.
    assert (page.clips, page.next) == ([], (SHAPE.at(SOME - 100), SHAPE.clip_id(SOME - 100)))


# ---------------------------------------------------------------------------------------------------- by an index


def _walks_a_table(plan: str) -> bool:
    """Whether a table of many rows is read without an index."""
    tables = ("clips", "cases", "case_clips", "clip_notes", "terms", "facts")
    lines = [line.strip(" ->") for line in plan.splitlines()]
    return any(
        line.startswith(f"Seq Scan on {table} ") or (line.startswith(f"SCAN {table}") and "INDEX" not in line)
        for line in lines
        for table in tables
    )


CLIP_LISTS: list[tuple[ClipSearch, str]] = [
    (ClipSearch(), "ix_clips_time"),
    (ClipSearch(since=SHAPE.at(9), until=SHAPE.at(90)), "ix_clips_time"),
    (ClipSearch(officer="000017"), "ix_clips_officer"),
    (ClipSearch(recorder="X0017"), "ix_clips_recorder"),
    (ClipSearch(recorder="X0017", clip_class="routine"), "ix_clips_recorder"),
    (ClipSearch(departments=(DEPARTMENTS[3],)), "ix_clips_department"),
    (ClipSearch(departments=SECTION), "ix_clips_department"),
    (ClipSearch(clip_class="general-procedure"), "ix_clips_class"),
    (ClipSearch(session="s00000007"), "ix_clips_session"),
    (ClipSearch(words=("鑫源",)), "terms"),
    (ClipSearch(party=("王芳",)), "terms"),
    (ClipSearch(cause=("擅自",), party=("王芳",)), "terms"),
    (ClipSearch(words=("王芳",), officer="000017"), "terms"),
    (ClipSearch(case=SHAPE.case_id(3)), "case_clips"),
]


@pytest.mark.parametrize(("search", "index"), CLIP_LISTS, ids=str)
def test_each_list_of_clips_is_served_by_an_index(made: Made, search: ClipSearch, index: str) -> None:
    catalog = made(MANY)
    plans = plans_of(catalog, lambda: clips_page(catalog, search, 50))
    assert plans and index in "\n".join(plans)
    assert [plan for plan in plans if _walks_a_table(plan)] == []


CASE_LISTS: list[tuple[CaseSearch, str]] = [
    (CaseSearch(), "ix_cases_opened"),
    (CaseSearch(departments=(DEPARTMENTS[3],)), "ix_cases_"),
    (CaseSearch(kind="coercive-measure"), "ix_cases_"),
    (CaseSearch(officer="000017"), "terms"),
    (CaseSearch(words=("鑫源",)), "terms"),
    (CaseSearch(party=("王芳",)), "terms"),
    (CaseSearch(since=SHAPE.at(9).date(), state=State.FILED), "ix_cases_"),
    (CaseSearch(ended_by=SHAPE.at(SOME).date()), "ix_cases_unfiled"),
]


@pytest.mark.parametrize(("search", "index"), CASE_LISTS, ids=str)
def test_each_list_of_cases_is_served_by_an_index(made: Made, search: CaseSearch, index: str) -> None:
    catalog = made(MANY)
    plans = plans_of(catalog, lambda: cases_page(catalog, search, 50))
    assert plans and index in "\n".join(plans)
    assert [plan for plan in plans if _walks_a_table(plan)] == []


def test_a_month_of_an_officer_is_read_from_its_place_on(made: Made) -> None:
    catalog = made(MANY)
    middle = Shape(MANY, STATION).at(MANY // 2)
    search = ClipSearch(officer="000017", since=middle, until=middle + timedelta(days=30))
    (plan,) = plans_of(catalog, lambda: clips_page(catalog, search, 50))
    assert "officer=? AND sort_at>? AND sort_at<?" in plan or ("Index Cond" in plan and plan.count("sort_at") >= 2)
