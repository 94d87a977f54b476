"""Lists and look-ups: the right clips in the right order, by an index, however long the list."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.errors import Ambiguous, NotFound
from catalog.events import ClipFiled
from catalog.model import ClipQuery
from catalog.reader import PAGE
from catalog.store import Catalog
from tests.catalog.plans import plans_of
from tests.simulators.histories import clip_id, digest, docking, ingested, opened, read, resolved

_DEPARTMENTS = ("城关中队", "城北中队")


def _time(number: int) -> datetime:
    # Five clips share a time, so that the order within one time counts too.
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number // 5)


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    """1,200 clips in twelve sessions of three recorders; more than two pages."""
    for number in range(12):
        session = f"2026-{number:02d}"
        recorder = f"X{number % 3}"
        changed: dict[str, Any] = {"recorder": recorder, "department": _DEPARTMENTS[number % 2]}
        catalog.append([opened(session, **changed)])
        catalog.append(
            [
                ingested(
                    session,
                    seq,
                    **changed,
                    officer=f"{seq % 4:06d}",
                    kind=("video", "audio")[seq % 2],
                    recorded_at=_time(number * 100 + seq).isoformat().replace("+00:00", "Z"),
                )
                for seq in range(1, 101)
            ]
        )
    filed = [ClipFiled(clip_id("2026-03", seq), "案-7", "case", "") for seq in range(1, 11)]
    catalog.append(filed)
    return catalog


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (ClipQuery(), 1200),
        (ClipQuery(department="城关中队"), 600),
        (ClipQuery(recorder="X1"), 400),
        (ClipQuery(officer="000002"), 300),
        (ClipQuery(kind="audio"), 600),
        (ClipQuery(session="2026-03"), 100),
        (ClipQuery(clip_class="case"), 10),
        (ClipQuery(clip_class="unclassified", recorder="X0", kind="video"), 195),
        (ClipQuery(since=_time(100), until=_time(200)), 100),
        (ClipQuery(since=_time(100), until=_time(100)), 0),
        (ClipQuery(recorder="X9"), 0),
        (ClipQuery(limit=7), 7),
        (ClipQuery(limit=PAGE + 1), PAGE + 1),
        (ClipQuery(limit=0), 0),
    ],
    ids=str,
)
def test_a_query_gives_its_clips_by_time_and_id(filled: Catalog, query: ClipQuery, count: int) -> None:
    found = list(filled.clips(query))
    assert len(found) == count
    assert [clip.position for clip in found] == sorted(clip.position for clip in found)
    assert len({clip.id for clip in found}) == count


def test_a_list_goes_on_behind_the_last_clip_seen(filled: Catalog) -> None:
    everything = [clip.id for clip in filled.clips()]
    seen: list[str] = []
    after = None
    while page := list(filled.clips(ClipQuery(limit=137, after=after))):
        seen += [clip.id for clip in page]
        after = page[-1].position
    assert seen == everything


def test_a_list_keeps_no_transaction_open(filled: Catalog) -> None:
    clips = filled.clips()
    first = list(itertools.islice(clips, 10))
    filled.append([ClipFiled(first[0].id, "1", "case", "")])
    filled.append(docking("late", recorder="X1"))
    assert len(list(clips)) == 1192


@pytest.mark.parametrize(
    "query",
    [
        ClipQuery(),
        ClipQuery(since=_time(5), until=_time(50)),
        ClipQuery(department="城关中队"),
        ClipQuery(recorder="X1", since=_time(3)),
        ClipQuery(officer="000002"),
        ClipQuery(kind="audio"),
        ClipQuery(clip_class="case"),
        ClipQuery(recorder="X1", after=(_time(5), "0")),
    ],
    ids=str,
)
def test_each_filter_is_served_in_order_by_an_index(sqlite_url: str, query: ClipQuery) -> None:
    catalog = Catalog.open(sqlite_url, "st")
    plans = plans_of(catalog, lambda: list(catalog.clips(query)))
    assert plans and all("USING INDEX ix_clips" in plan and "TEMP B-TREE" not in plan for plan in plans), plans
    catalog.close()


@pytest.mark.parametrize(
    ("look_up", "index"),
    [
        (lambda c: c.held_many("X1"), "ix_clips_recorder (recorder=?)"),
        (lambda c: c.held_many("X1"), "ix_sessions_recorder (recorder=?)"),
        (lambda c: c.held_many("X1"), "ix_entries_quarantined (session=?)"),
        (lambda c: c.clips_of_session("s"), "ix_clips_session (session=?)"),
        (lambda c: c.clips_with_digest("b3:00"), "ix_clips_digest (digest=?)"),
        (lambda c: c.clips_without_facts(10), "ix_clips_unread"),
        (lambda c: c.clips_without_facts(10, again=True), "ix_clips_unread"),
        (lambda c: c.facts_of("c"), "sqlite_autoindex_facts_1 (clip=?)"),
        (lambda c: c.unsealed_sessions(), "ix_sessions_open (station=?)"),
        (lambda c: c.has_sealed("s"), "sqlite_autoindex_sessions_1 (id=?)"),
        (lambda c: c.session_entries("s"), "sqlite_autoindex_entries_1 (session=?)"),
        (lambda c: list(c.quarantined()), "ix_entries_quarantined"),
        (lambda c: list(c.session_log("s")), "ix_custody_subject (station=? AND subject=? AND seq>?)"),
        (lambda c: list(c.custody(5, 9)), "PRIMARY KEY (station=? AND seq>? AND seq<?)"),
        (lambda c: list(c.sessions(recorder="X1")), "ix_sessions_recorder (recorder=?)"),
        (lambda c: c.head(), "PRIMARY KEY (station=?)"),
    ],
)
def test_each_look_up_has_its_index(sqlite_url: str, look_up: Callable[[Catalog], object], index: str) -> None:
    catalog = Catalog.open(sqlite_url, "st")
    (plan,) = plans_of(catalog, lambda: look_up(catalog))
    assert index in plan, plan
    catalog.close()


def test_the_first_letters_of_an_id_are_enough(catalog: Catalog) -> None:
    catalog.append(docking("20261121T013500Z-3f9a1c"))
    catalog.append(docking("20261121T013500Z-4b"))
    assert catalog.find_session("20261121T013500Z-3").id == "20261121T013500Z-3f9a1c"
    whole = clip_id("20261121T013500Z-4b", 1)
    assert catalog.find_clip(whole[:15]).id == catalog.find_clip(whole).id == whole
    with pytest.raises(Ambiguous) as ambiguous:
        catalog.find_session("20261121")
    assert ambiguous.value.candidates == ("20261121T013500Z-3f9a1c", "20261121T013500Z-4b")
    for prefix in ("", "x", "%", "20261121T013500Z-3f9a1c0", "_"):
        with pytest.raises(NotFound):
            catalog.find_session(prefix)


def test_a_whole_id_is_not_ambiguous_for_being_anothers_beginning(catalog: Catalog) -> None:
    catalog.append([opened("s1"), opened("s12")])
    assert catalog.find_session("s1").id == "s1"


def test_what_is_held_of_a_recorder_is_one_query_away(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    catalog.append([opened("s2"), resolved("s2", 4, "quarantined", vault_path=None, digest=None, fingerprint=None)])
    again = resolved("s1", 3, "quarantined")
    catalog.append(
        [
            resolved(
                "s2",
                3,
                "quarantined",
                path=again.path,
                size_bytes=again.size_bytes,
                vault_path=again.vault_path,
                digest=again.digest,
                fingerprint=again.fingerprint,
            )
        ]
    )
    catalog.append(docking("s3", recorder="X9"))
    held = catalog.held_many("X8123")
    assert [(each.path, each.clip) for each in held] == [
        (ingested("s1", 1).path, clip_id("s1", 1)),
        (ingested("s1", 2).path, clip_id("s1", 2)),
        ("LOG/3.txt", None),
    ]
    assert held[2].vault_path == again.vault_path
    assert catalog.held("X8123", held[0].path, 1001) == [held[0]]
    assert catalog.held("X8123", held[0].path, 1) == []
    assert catalog.same_name("X8123", held[0].path) == [held[0]]
    assert [clip.id for clip in catalog.clips_with_digest(digest("s1", 2))] == [clip_id("s1", 2)]


def test_a_path_longer_than_an_index_takes_is_catalogued(catalog: Catalog) -> None:
    path = "/".join(["目录" * 40] * 60)
    catalog.append([opened("s1"), ingested("s1", 1, path=path, vault_path=f"v/{path}"), resolved("s1", 2, path=path)])
    assert catalog.held_many("X8123")[0].path == path


def test_the_log_is_read_in_parts(catalog: Catalog) -> None:
    for number in range(240):
        catalog.append(docking(f"s{number}"))
    assert [entry.seq for entry in catalog.custody()] == list(range(1, 1201))
    assert [entry.seq for entry in catalog.custody(499, 1003)] == list(range(499, 1004))
    assert [entry.seq for entry in catalog.custody(1201)] == []
    assert [session.id for session in catalog.sessions()] == [f"s{number}" for number in range(240)]
    catalog.append([read(clip_id("s1", 1))])
    assert [entry.kind for entry in catalog.clip_log(catalog.find_clip(clip_id("s1", 1)))] == [
        "clip-ingested",
        "facts-read",
    ]
