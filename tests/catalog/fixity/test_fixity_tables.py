"""Upkeep in the tables, on both databases: rounds, when a clip was last read, damage, and where second copies lie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import event, update

from catalog.documents.events import DocumentKept
from catalog.engines import engine_for, parse_url
from catalog.errors import BadEvent
from catalog.event import Event
from catalog.fixity.events import (
    CopiesMade,
    CopiesRead,
    CopiesRemoved,
    DamageFound,
    DamageRestored,
    FixityRead,
    MirrorPrepared,
)
from catalog.fixity.model import (
    CLIPS,
    DAMAGED,
    DOCUMENTS,
    QUARANTINED,
    WHATS,
    Amount,
    file_key,
    parse_place,
    place_text,
)
from catalog.fixity.queries import (
    aside_of_destroyed,
    copied_at,
    count_damaged,
    damage_of,
    damaged,
    has_copies,
    is_copied,
    lacking_of,
    lost_copies,
    places_of_copies,
    to_copy,
    to_forget,
)
from catalog.fixity.rounds import last_read, left, next_files, overdue, read_in_round, round_of
from catalog.fixity.tables import copied_sessions
from catalog.migrations.versions.r0014_copies_read import count_from_the_first_copies
from catalog.model import utc_text
from catalog.store import Catalog
from tests.simulators.histories import clip_id, digest, docking, ingested, opened, sealed

DAY = timedelta(days=1)
BEGAN = datetime(2026, 12, 1, tzinfo=UTC)
ONE, TWO, THREE = clip_id("s1", 1), clip_id("s1", 2), clip_id("s2", 1)
PLACE = MirrorPrepared("mirror-1", "/srv/mirror", False)


def stretch(number: int, first: str, last: str, began: datetime = BEGAN, *, ends: bool = False) -> FixityRead:
    return FixityRead(CLIPS, number, first, last, utc_text(began), 1, 1001, 0, ends)


def damage(clip: str | None = ONE, path: str = "x", what: str = CLIPS) -> DamageFound:
    return DamageFound(what, clip, path, "missing", "1001 bytes", "")


def consistent(catalog: Catalog) -> bool:
    return list(catalog.differences_from_custody()) == []


# ---------------------------------------------------------------------------------------------------------- reading


def test_a_place_is_read_back_as_it_was_written() -> None:
    for place in (("20261121T013500Z-3f9a1c", 12), ("3f9a", 0), ("a/b", 3)):
        assert parse_place(place_text(place)) == place


def test_files_come_in_the_order_of_their_sessions_and_numbers(catalog: Catalog) -> None:
    catalog.append(
        [*docking("s2"), *docking("s1"), DocumentKept("d1", "gap:1", "n", 7, {"b3": digest("d")}, "p", "direct")]
    )
    clips = next_files(catalog, CLIPS, None)
    assert [file.place for file in clips] == [("s1", 1), ("s1", 2), ("s2", 1), ("s2", 2)]
    assert [file.place for file in next_files(catalog, CLIPS, ("s1", 2), 1)] == [("s2", 1)]
    assert [file.clip for file in clips][:2] == [ONE, TWO]
    (quarantined, _other) = next_files(catalog, QUARANTINED, None)
    assert (quarantined.place, quarantined.clip, quarantined.digests) == (("s1", 3), None, {"b3": digest("s1", 3)})
    (document,) = next_files(catalog, DOCUMENTS, None)
    assert (document.place, document.size_bytes) == (("d1", 0), 7)
    assert left(catalog, CLIPS, ("s1", 1)) == Amount(3, 1002 + 1001 + 1002)
    assert left(catalog, DOCUMENTS, ("d1", 0)) == Amount(0, 0)


def test_a_round_goes_on_where_it_stopped_and_the_next_one_begins_at_the_beginning(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), *docking("s2")])
    assert (round_of(catalog, CLIPS).number, round_of(catalog, CLIPS).after) == (1, None)
    catalog.append([stretch(1, "s1/1", "s1/2")])
    current = round_of(catalog, CLIPS)
    assert (current.number, current.after, current.began_at) == (1, ("s1", 2), BEGAN)
    catalog.append([stretch(1, "s2/1", "s2/2", BEGAN + DAY, ends=True)])
    assert read_in_round(catalog, CLIPS, 1) == Amount(2, 2002)
    current = round_of(catalog, CLIPS)
    assert (current.number, current.after, current.began_at) == (2, None, None)
    # Numbers are compared as numbers, and sessions before them.
    catalog.append([stretch(2, "s1/1", "s1/9"), stretch(2, "s1/10", "s1/11")])
    assert round_of(catalog, CLIPS).after == ("s1", 11)
    assert consistent(catalog)


@pytest.mark.parametrize(
    "wrong",
    [
        stretch(1, "s1/2", "s2/1"),  # goes back into what was read
        stretch(3, "s2/1", "s2/1"),  # leaves a round out
        stretch(0, "s1/1", "s1/1"),
        stretch(1, "s2/2", "s2/1"),
        stretch(1, "s2/x", "s2/1"),
        FixityRead("other", 1, "s1/1", "s1/1", utc_text(BEGAN), 1, 1, 0, False),
    ],
)
def test_a_stretch_that_does_not_go_on_from_the_last_one_is_refused(catalog: Catalog, wrong: FixityRead) -> None:
    catalog.append([*docking("s1"), *docking("s2"), stretch(1, "s1/1", "s1/2")])
    with pytest.raises(Exception) as refused:
        catalog.append([wrong])
    assert refused.type.__name__ in ("BadEvent", "CatalogFault")
    assert round_of(catalog, CLIPS).after == ("s1", 2)


def test_a_clip_was_last_read_when_its_stretch_began_or_when_it_was_docked(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), *docking("s2")])
    one, two, three, _four = next_files(catalog, CLIPS, None)
    assert last_read(catalog, one) == one.since
    catalog.append([stretch(1, "s1/1", "s1/2"), stretch(1, "s2/1", "s2/2", BEGAN + DAY, ends=True)])
    assert [last_read(catalog, file) for file in (one, two, three)] == [BEGAN, BEGAN, BEGAN + DAY]
    catalog.append([stretch(2, "s1/1", "s1/1", BEGAN + 2 * DAY)])
    assert [last_read(catalog, file) for file in (one, two, three)] == [BEGAN + 2 * DAY, BEGAN, BEGAN + DAY]
    # It came into a stretch that had been read before: its docking counts.
    catalog.append([opened("s0"), ingested("s0", 1)], at=BEGAN + 3 * DAY)
    late = next_files(catalog, CLIPS, None)[0]
    assert last_read(catalog, late) == BEGAN + 3 * DAY
    catalog.append([stretch(3, "s0/1", "s0/1", BEGAN + 4 * DAY)])
    assert last_read(catalog, late) == BEGAN + 4 * DAY


def oracle(catalog: Catalog, since: datetime) -> Amount:
    late = [file for file in next_files(catalog, CLIPS, None) if last_read(catalog, file) < since]
    return Amount(len(late), sum(file.size_bytes for file in late))


def test_what_is_overdue_is_what_each_clip_says_of_itself(catalog: Catalog) -> None:
    """Against the slow answer, clip by clip, at every step of three rounds with dockings in between."""
    steps: list[tuple[list[Event], datetime]] = [
        ([*docking("s1"), *docking("s3")], BEGAN),
        ([stretch(1, "s1/1", "s1/1", BEGAN + DAY)], BEGAN + DAY),
        ([stretch(1, "s1/2", "s3/1", BEGAN + 5 * DAY)], BEGAN + 5 * DAY),
        (docking("s2"), BEGAN + 6 * DAY),
        ([stretch(1, "s3/2", "s3/2", BEGAN + 9 * DAY, ends=True)], BEGAN + 9 * DAY),
        (docking("s4"), BEGAN + 12 * DAY),
        ([stretch(2, "s1/1", "s2/1", BEGAN + 20 * DAY)], BEGAN + 20 * DAY),
        ([stretch(2, "s2/2", "s4/2", BEGAN + 21 * DAY, ends=True)], BEGAN + 21 * DAY),
        ([stretch(3, "s1/1", "s1/1", BEGAN + 30 * DAY)], BEGAN + 30 * DAY),
    ]
    seen = set()
    for events, at in steps:
        catalog.append(events, at=at)
        for days in range(-1, 40):
            since = BEGAN + days * DAY + timedelta(hours=1)
            expected = oracle(catalog, since)
            assert overdue(catalog, CLIPS, since) == expected, (events, days)
            seen.add(expected.files)
    assert seen == set(range(9))


def test_asking_when_a_clip_was_read_looks_at_no_other_clip(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), stretch(1, "s1/1", "s1/2", ends=True)])
    (file, _other) = next_files(catalog, CLIPS, None)
    asked: list[str] = []
    event.listen(catalog._engine, "before_cursor_execute", lambda *said: asked.append(str(said[2])))
    last_read(catalog, file)
    assert asked and [text for text in asked if "FROM clips" in text] == []


# ------------------------------------------------------------------------------------------------------------ damage


def test_damage_puts_a_clip_in_doubt_until_it_is_restored(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), damage()])
    assert catalog.find_clip(ONE).doubt == DAMAGED
    assert count_damaged(catalog) == 1
    (found,) = damaged(catalog)
    assert (found.clip, found.damage, found.restored_at) == (ONE, "missing", None)
    # It is met again, and worse.
    catalog.append([DamageFound(CLIPS, ONE, "x", "different-digest", "b3:00", "b3:01")])
    (found,) = damaged(catalog)
    assert found.damage == "different-digest"
    catalog.append([DamageRestored(CLIPS, ONE, "x", "mirror", "mirror-1", [".damaged/a/1/x"])])
    assert (damaged(catalog), count_damaged(catalog), catalog.find_clip(ONE).doubt) == ([], 0, None)
    catalog.append([damage(), DamageRestored(CLIPS, ONE, "x", "folder", "/media", [".damaged/a/2/x"])])
    history = damage_of(catalog, ONE)
    assert history is not None and history.aside == [".damaged/a/1/x", ".damaged/a/2/x"]
    assert consistent(catalog)


def test_a_file_that_is_no_clip_is_known_by_its_path(catalog: Catalog) -> None:
    catalog.append(
        [*docking("s1"), damage(None, "quarantine/x", QUARANTINED), damage(None, "quarantine/y", QUARANTINED)]
    )
    assert {found.vault_path for found in damaged(catalog)} == {"quarantine/x", "quarantine/y"}
    catalog.append([DamageRestored(QUARANTINED, None, "quarantine/x", "found-whole", "", [])])
    assert [found.vault_path for found in damaged(catalog)] == ["quarantine/y"]
    assert damage_of(catalog, file_key(None, "quarantine/x")) is not None


def test_damage_of_an_unknown_clip_and_a_restoring_of_what_is_whole_are_refused(catalog: Catalog) -> None:
    catalog.append(docking("s1"))
    for wrong in (
        damage("0" * 16),
        damage(None),
        damage(ONE, what=QUARANTINED),
        DamageRestored(CLIPS, ONE, "x", "mirror", "mirror-1", []),
    ):
        with pytest.raises(BadEvent):
            catalog.append([wrong])
    assert damaged(catalog) == []


# ------------------------------------------------------------------------------------------------------------ copies


def test_a_clip_has_a_copy_once_its_session_was_copied(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), *docking("s2"), opened("s3"), PLACE])
    assert has_copies(catalog, [ONE, TWO, THREE]) == set()
    assert list(to_copy(catalog, "mirror-1")) == ["s1", "s2"]
    catalog.append([CopiesMade("mirror-1", "s1", 2, 2003, [])])
    assert has_copies(catalog, [ONE, TWO, THREE, "0" * 16]) == {ONE, TWO}
    assert list(to_copy(catalog, "mirror-1")) == ["s2"]
    assert (is_copied(catalog, "mirror-1", "s1"), is_copied(catalog, "mirror-1", "s2")) == (True, False)
    copied = copied_at(catalog, "mirror-1")
    assert (copied.sessions, copied.clips, copied.size_bytes, copied.waiting, copied.lacking) == (1, 2, 2003, 1, 0)
    assert [place.folder for place in places_of_copies(catalog)] == ["/srv/mirror"]
    assert consistent(catalog)


def test_a_clip_that_was_not_copied_has_none_until_it_is(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), PLACE, CopiesMade("mirror-1", "s1", 1, 1002, [ONE])])
    assert has_copies(catalog, [ONE, TWO]) == {TWO}
    assert (list(to_copy(catalog, "mirror-1")), lacking_of(catalog, "mirror-1", "s1")) == (["s1"], [ONE])
    catalog.append([CopiesMade("mirror-1", "s1", 2, 2003, [])])
    assert has_copies(catalog, [ONE, TWO]) == {ONE, TWO}
    catalog.append([CopiesRemoved("mirror-1", [TWO], 1002, "damaged")])
    assert has_copies(catalog, [ONE, TWO]) == {ONE}
    assert list(to_copy(catalog, "mirror-1")) == ["s1"]
    assert consistent(catalog)


def test_of_two_places_one_is_enough(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), PLACE, MirrorPrepared("mirror-2", "/srv/other", True)])
    catalog.append([CopiesMade("mirror-1", "s1", 1, 1002, [ONE]), CopiesMade("mirror-2", "s1", 2, 2003, [])])
    assert has_copies(catalog, [ONE, TWO]) == {ONE, TWO}


@pytest.mark.parametrize(
    "wrong",
    [
        CopiesMade("mirror-9", "s1", 2, 2003, []),
        CopiesMade("mirror-1", "s3", 0, 0, []),
        CopiesMade("mirror-1", "s9", 0, 0, []),
        CopiesRemoved("mirror-1", [ONE], 1001, "destroyed"),
        CopiesRemoved("mirror-9", [ONE], 1001, "damaged"),
        CopiesRemoved("aside", [ONE], 1001, "destroyed"),
    ],
)
def test_copies_of_what_is_not_sealed_or_at_no_place_are_refused(catalog: Catalog, wrong: Event) -> None:
    catalog.append([*docking("s1"), opened("s3"), PLACE])
    with pytest.raises(BadEvent):
        catalog.append([wrong])
    assert has_copies(catalog, [ONE]) == set()


def test_a_session_without_recordings_is_copied_too(catalog: Catalog) -> None:
    catalog.append([opened("s1"), sealed("s1", ingested=0), PLACE, CopiesMade("mirror-1", "s1", 0, 0, [])])
    assert list(to_copy(catalog, "mirror-1")) == []
    assert (to_forget(catalog, "mirror-1"), aside_of_destroyed(catalog)) == ([], [])
    assert set(WHATS) == {CLIPS, QUARANTINED, DOCUMENTS}


# ---------------------------------------------------------------------------------------------------- copies read again


def copies_read(number: int, first: str, last: str, *, ends: bool = False, place: str = "mirror-1") -> CopiesRead:
    return CopiesRead(place, number, first, last, utc_text(BEGAN), 1, 1001, 0, ends)


def copied(place: str, *sessions: str) -> list[Event]:
    return [CopiesMade(place, session, 2, 2003, []) for session in sessions]


def test_copies_are_read_in_rounds_of_their_own_at_each_place(catalog: Catalog) -> None:
    other = MirrorPrepared("mirror-2", "/srv/other", False)
    catalog.append([*docking("s1"), *docking("s2"), *docking("s3"), PLACE, other], at=BEGAN)
    catalog.append([*copied("mirror-1", "s1", "s2"), *copied("mirror-2", "s3")], at=BEGAN + DAY)
    there = next_files(catalog, CLIPS, None, at="mirror-1")
    assert [file.place for file in there] == [("s1", 1), ("s1", 2), ("s2", 1), ("s2", 2)]
    assert {file.since for file in there} == {BEGAN + DAY}
    assert [file.place for file in next_files(catalog, CLIPS, None, at="mirror-2")] == [("s3", 1), ("s3", 2)]
    catalog.append([copies_read(1, "s1/1", "s1/2")], at=BEGAN + 2 * DAY)
    assert (round_of(catalog, CLIPS, "mirror-1").after, round_of(catalog, CLIPS).after) == (("s1", 2), None)
    assert round_of(catalog, CLIPS, "mirror-2").after is None
    assert left(catalog, CLIPS, ("s1", 2), "mirror-1") == Amount(2, 2003)
    assert read_in_round(catalog, CLIPS, 1, "mirror-1") == Amount(1, 1001)
    assert overdue(catalog, CLIPS, BEGAN + DAY, "mirror-1") == Amount(0, 0)
    assert overdue(catalog, CLIPS, BEGAN + 2 * DAY, "mirror-1") == Amount(4, 4006)
    with pytest.raises(BadEvent):
        catalog.append([copies_read(1, "s1/2", "s2/1")])
    with pytest.raises(BadEvent):
        catalog.append([copies_read(1, "s1/1", "s1/2", place="mirror-9")])
    assert consistent(catalog)


def test_a_copy_that_does_not_hold_is_named_until_it_is_made_anew_and_is_not_read_again(catalog: Catalog) -> None:
    catalog.append([*docking("s1"), PLACE, *copied("mirror-1", "s1")], at=BEGAN)
    catalog.append([CopiesRemoved("mirror-1", [TWO], 1002, "damaged")], at=BEGAN + DAY)
    assert [(lost.place, lost.clip, lost.since) for lost in lost_copies(catalog)] == [("mirror-1", TWO, BEGAN + DAY)]
    assert [file.clip for file in next_files(catalog, CLIPS, None, at="mirror-1")] == [ONE]
    catalog.append(copied("mirror-1", "s1"), at=BEGAN + 5 * DAY)
    assert lost_copies(catalog) == []
    # The other one was not read when that one was made anew.
    there = next_files(catalog, CLIPS, None, at="mirror-1")
    assert [(file.clip, file.since) for file in there] == [(ONE, BEGAN), (TWO, BEGAN)]
    assert consistent(catalog)


def test_copies_that_are_here_when_the_step_is_taken_count_from_the_first_time(
    catalog: Catalog, database_url: str
) -> None:
    catalog.append([*docking("s1"), *docking("s2"), PLACE, *copied("mirror-1", "s1", "s2")], at=BEGAN)
    catalog.append(copied("mirror-1", "s1"), at=BEGAN + 3 * DAY)
    engine = engine_for(parse_url(database_url))
    with engine.begin() as connection:
        before = update(copied_sessions).where(copied_sessions.c.session == "s1")
        connection.execute(before.values(copied_at=BEGAN + 3 * DAY))
    assert not consistent(catalog)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        count_from_the_first_copies()
    engine.dispose()
    assert consistent(catalog)
