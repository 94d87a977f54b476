"""What the tables say is what the log adds up to: for each kind of entry, and for any course of events."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from catalog.cases.queries import cases_of_clips
from catalog.events import ClearingIntended, ClipFiled, CopiesSetAside, CopyCondemned, Event, RecorderCleared
from catalog.store import Catalog
from tests.simulators.histories import Clock, clip_id, digest, docking, histories, ingested, opened, read, resolved
from tests.simulators.postgres import PostgresServer

STATION = "st-7f3a91c2"


def test_a_session_is_open_until_its_seal(catalog: Catalog) -> None:
    catalog.append([opened("s1")])
    (session,) = catalog.unsealed_sessions()
    assert (session.state, session.sealed_at, session.ingested, session.clearing) == ("open", None, 0, "none")
    assert (session.station_synced, session.slot, session.on_recorder) == (True, 3, 3)
    assert session.opened_at == datetime(2026, 11, 21, 1, 35, 0, 1000, tzinfo=UTC)
    assert not catalog.has_sealed("s1")
    catalog.append(docking("s1")[1:])
    assert catalog.unsealed_sessions() == []
    assert catalog.has_sealed("s1")
    session = catalog.find_session("s1")
    assert (session.state, session.ingested, session.quarantined, session.milliseconds) == ("sealed", 2, 1, 5000)
    assert session.session_digest == digest("seal", "s1")
    assert session.sealed_at is not None and session.sealed_at > session.opened_at


def test_a_recorder_is_as_its_last_docking_showed_it(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    catalog.append([opened("s2", officer="000456", label=None), opened("s3", recorder="X8124")])
    first, second = catalog.recorders()
    assert (first.id, first.officer, first.label, first.sessions) == ("X8123", "000456", None, 2)
    assert first.first_seen < first.last_seen
    assert (second.id, second.sessions) == ("X8124", 1)


def test_a_clip_has_all_that_its_entry_says(catalog: Catalog) -> None:
    event = ingested("s1", 1, key_mark=True, same_name_as="f00d")
    catalog.append([opened("s1"), event])
    clip = catalog.find_clip(event.clip)
    assert (clip.id, clip.digests, clip.vault_path) == (event.clip, event.digests, event.vault_path)
    assert (clip.key_mark, clip.same_name_as, clip.claimed_at) == (True, "f00d", "2026-11-21T09:35:00")
    assert clip.recorded_at == clip.sort_at == datetime(2026, 11, 21, 1, 1, tzinfo=UTC)
    assert (clip.facts_state, clip.duration_ms, clip.clip_class) == ("pending", None, "unclassified")


def test_a_clip_of_unknown_time_is_listed_by_its_ingest(catalog: Catalog) -> None:
    catalog.append([opened("s1"), ingested("s1", 1, recorded_at=None)])
    (clip,) = catalog.clips()
    assert clip.recorded_at is None
    assert clip.sort_at == clip.ingested_at


def test_every_entry_has_its_outcome(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    found = catalog.session_entries("s1")
    assert [(entry.seq, entry.outcome, entry.clip) for entry in found] == [
        (1, "ingested", clip_id("s1", 1)),
        (2, "ingested", clip_id("s1", 2)),
        (3, "quarantined", None),
    ]
    assert found[2].digest == digest("s1", 3)
    assert [entry.seq for entry in catalog.quarantined()] == [3]


def test_a_cleared_recorder_shows_what_went_and_an_intent_alone_shows_too(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    catalog.append([ClearingIntended("s1", "X8123", [{"seq": 1}, {"seq": 2}], {})])
    assert (catalog.find_session("s1").clearing, catalog.find_session("s1").cleared) == ("intended", 0)
    catalog.append([RecorderCleared("s1", "X8123", [1], [{"seq": 2, "reason": "still-listed"}], "listing")])
    assert (catalog.find_session("s1").clearing, catalog.find_session("s1").cleared) == ("done", 1)
    assert [entry.cleared for entry in catalog.session_entries("s1")] == [True, False, False]
    catalog.append([RecorderCleared("s1", "X8123", [1, 2], [], "listing")])
    assert catalog.find_session("s1").cleared == 2


def test_facts_read_again_take_the_place_of_the_former(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    clip = clip_id("s1", 1)
    assert [each.id for each in catalog.clips_without_facts()] == [clip, clip_id("s1", 2)]
    catalog.append([read(clip, failed=True)])
    assert (catalog.find_clip(clip).facts_state, catalog.find_clip(clip).duration_ms) == ("failed", 61_500)
    assert [each.id for each in catalog.clips_without_facts()] == [clip_id("s1", 2)]
    assert [each.id for each in catalog.clips_without_facts(again=True)] == [clip, clip_id("s1", 2)]
    catalog.append([read(clip), read(clip_id("s1", 2))])
    assert catalog.find_clip(clip).facts_state == "read"
    assert catalog.clips_without_facts(again=True) == []
    facts = catalog.facts_of(clip)
    assert [(fact.name, fact.value) for fact in facts] == [
        ("duration", 61_500),
        ("make", "A�B"),
        ("gps_point", {"lat": "39.7", "lon": "119.1"}),
    ]
    catalog.append([replace(read(clip), facts=[])])
    assert (catalog.facts_of(clip), catalog.find_clip(clip).duration_ms) == ([], None)


def test_a_filed_clip_is_found_under_its_case(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    catalog.append([ClipFiled(clip_id("s1", 1), "2026-17", "case", "evidence")], actor="anna")
    clip = catalog.find_clip(clip_id("s1", 1))
    assert clip.clip_class == "case"
    assert [case.number for case in cases_of_clips(catalog, [clip.id])[clip.id]] == ["2026-17"]
    assert [entry.actor for entry in catalog.clip_log(clip)] == ["dockd", "anna"]


def test_what_a_session_went_through_is_told_in_order(catalog: Catalog) -> None:
    catalog.append([opened("s0"), *docking("s1")[:2]])
    catalog.append([CopyCondemned("s1", 3, "p", "fsync"), CopiesSetAside("s1", [{"path": "p"}]), resolved("s1", 3)])
    assert [entry.kind for entry in catalog.session_log("s1")] == [
        "session-opened",
        "clip-ingested",
        "copy-condemned",
        "copies-set-aside",
        "entry-resolved",
    ]


# ---------------------------------------------------------------------------------------------------- any history


class Databases:
    """Empty catalogues, quickly."""

    def __init__(self, postgres: PostgresServer | None) -> None:
        self._postgres = postgres
        self._folder = tempfile.mkdtemp(prefix="dockd-histories-")
        self._numbers = itertools.count()
        Catalog.create(f"sqlite:///{self._folder}/template.db")

    @contextmanager
    def fresh(self, *, sqlite: bool = False) -> Iterator[Catalog]:
        database = None
        if self._postgres is None or sqlite:
            path = f"{self._folder}/{next(self._numbers)}.db"
            shutil.copy(f"{self._folder}/template.db", path)
            url = f"sqlite:///{path}"
        else:
            database = self._postgres.new_database()
            url = database.url
        catalog = Catalog.open(url, STATION, clock=Clock())
        try:
            yield catalog
        finally:
            catalog.close()
            if database is not None and self._postgres is not None:
                self._postgres.drop(database)

    def close(self) -> None:
        shutil.rmtree(self._folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Where histories are played."""
    found = Databases(request.getfixturevalue("postgres") if request.param == "postgresql" else None)
    yield found
    found.close()


def _all_that_is_known(catalog: Catalog) -> list[object]:
    known: list[object] = [catalog.head(), catalog.recorders(), list(catalog.sessions()), list(catalog.clips())]
    known += [catalog.session_entries(session.id) for session in catalog.sessions()]
    known += [catalog.facts_of(clip.id) for clip in catalog.clips()]
    known += [catalog.held_many(recorder.id) for recorder in catalog.recorders()]
    return known


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=histories())
def test_any_history_folded_again_gives_the_same_tables(databases: Databases, groups: list[list[Event]]) -> None:
    with databases.fresh() as live, databases.fresh(sqlite=True) as again:
        for group in groups:
            live.append(group)
        log = list(live.custody())
        again.adopt(log)
        assert list(again.custody()) == log
        assert _all_that_is_known(again) == _all_that_is_known(live)
        assert list(live.differences_from_custody()) == []
        assert list(again.differences_from_custody()) == []
