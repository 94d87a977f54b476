"""Gaps and documents in the tables, on both databases: what the fold refuses, whoever asks."""

from __future__ import annotations

import pytest

from catalog.documents.events import DocumentKept
from catalog.documents.queries import all_documents, documents_for, is_kept
from catalog.errors import BadEvent, NotFound
from catalog.events import ClipIngested
from catalog.store import Catalog
from catalog.watching.events import GapDelivered, GapExplained, GapFound, GapReviewed, SessionExamined
from catalog.watching.gap_queries import known_gaps, missing_numbers
from catalog.watching.queries import find_gap, gaps_found, sessions_to_examine
from tests.simulators.histories import docking, read

S1, S2 = "20261121T013500Z-3f9a1c", "20261122T013500Z-000001"


def found(gap: str, **changed: object) -> GapFound:
    made: dict[str, object] = {
        "gap": gap, "found_in": S1, "recorder": "X8123", "gap_kind": "missing-sequence", "before_clip": "c1",
        "after_clip": "c2", "start": None, "end": None, "length_ms": None, "uncertainty_ms": 2000,
        "evidence": ["missing=3"],
    }  # fmt: skip
    return GapFound(**(made | changed))  # type: ignore[arg-type]


EXPLAINED = GapExplained("3f9a", "li", "officer", text="battery")
ACCEPTED = GapReviewed("3f9a", "wang", "leader", True, "")


@pytest.fixture
def examined(catalog: Catalog) -> Catalog:
    """A catalogue with a docking and a gap."""
    catalog.append(docking(S1))
    catalog.append([found("3f9a"), SessionExamined(S1, "X8123", 1, 1)])
    return catalog


def test_a_gap_goes_through_its_states(examined: Catalog) -> None:
    examined.append([EXPLAINED], actor="user:li")
    assert find_gap(examined, "3f").state == "explained"
    examined.append([GapReviewed("3f9a", "wang", "leader", False, "when?")])
    sent_back = find_gap(examined, "3f9a")
    assert (sent_back.state, sent_back.review_note, sent_back.explainers) == ("open", "when?", ["li"])
    examined.append([GapExplained("3f9a", "zhao", "officer", clip_of_words="c2", at_ms=5)])
    examined.append([ACCEPTED])
    gap = find_gap(examined, "3f9a")
    assert (gap.state, gap.reviewed_by, gap.explainers, gap.clip_of_words) == ("reviewed", "wang", ["li", "zhao"], "c2")
    assert gap.text is None and gap.review_note == ""
    assert [one.id for one in gaps_found(examined, state="reviewed")] == ["3f9a"]
    assert list(gaps_found(examined, state="open")) == []


@pytest.mark.parametrize(
    "events",
    [
        [ACCEPTED],
        [EXPLAINED, ACCEPTED, EXPLAINED],
        [EXPLAINED, ACCEPTED, ACCEPTED],
        [GapExplained("none", "li", "officer", text="x")],
    ],
    ids=["reviewed unexplained", "explained after the review", "reviewed twice", "no such gap"],
)
def test_two_people_at_once_cannot_contradict_each_other(
    examined: Catalog, events: list[GapExplained | GapReviewed]
) -> None:
    head = examined.head()
    with pytest.raises(BadEvent):
        examined.append(events)
    assert examined.head() == head


def test_what_two_processes_find_at_once_is_one_gap(examined: Catalog) -> None:
    examined.append([EXPLAINED])
    examined.append([found("3f9a", evidence=["missing=3", "files=1"])])
    gap = find_gap(examined, "3f9a")
    assert (gap.state, gap.evidence) == ("explained", ["missing=3"])
    assert list(examined.differences_from_custody()) == []


def test_a_session_waits_for_its_examination_until_all_its_facts_were_tried(catalog: Catalog) -> None:
    events = docking(S1)
    catalog.append(events)
    clips = [event.clip for event in events if isinstance(event, ClipIngested)]
    assert clips and sessions_to_examine(catalog, 9) == []
    catalog.append([read(clip) for clip in clips])
    assert [session.id for session in sessions_to_examine(catalog, 9)] == [S1]
    catalog.append([SessionExamined(S1, "X8123", 1, 0)])
    assert sessions_to_examine(catalog, 9) == []


def test_gaps_are_known_by_their_ids(examined: Catalog) -> None:
    assert known_gaps(examined, ["3f9a", "77d0"]) == {"3f9a"}
    assert known_gaps(examined, []) == set()
    assert known_gaps(examined, [f"{number:04x}" for number in range(2000)]) == set()
    with pytest.raises(NotFound):
        find_gap(examined, "77")


def test_documents_are_found_by_what_they_are_for(examined: Catalog) -> None:
    digests = {"b3": "b3:" + "0" * 64}
    kept = [
        DocumentKept(f"d{number}", subject, "a.pdf", 7, digests, f"documents/gap/x/d{number}/file/a.pdf", "direct")
        for number, subject in enumerate(["gap:3f9a", "gap:3f9a", "case:A-1"])
    ]
    examined.append(kept, actor="user:li")
    assert [row.id for row in documents_for(examined, "gap:3f9a")] == ["d0", "d1"]
    assert [(row.id, row.kept_by, row.digest) for row in all_documents(examined)][2] == ("d2", "user:li", digests["b3"])
    examined.append(kept[:1])
    assert len(list(all_documents(examined))) == 3
    assert is_kept(examined, "d1") and not is_kept(examined, "d")
    assert [entry.kind for entry in examined.log_about("d1")] == ["document-kept"]


def delivered(*numbers: int, complete: bool, gap: str = "3f9a") -> GapDelivered:
    return GapDelivered(gap, S2, "X8123", [{"number": one, "clip": f"late{one}"} for one in numbers], complete)


def test_a_gap_is_closed_when_the_last_of_its_files_came(examined: Catalog) -> None:
    examined.append([found("77d0", evidence=["missing=3-4", "missing=9", "files=3"]), EXPLAINED, ACCEPTED])
    examined.append([delivered(9, 4, complete=False, gap="77d0")])
    assert [one.id for one in missing_numbers(examined, "X8123")] == ["3f9a", "77d0"]
    assert missing_numbers(examined, "another") == []
    examined.append([delivered(3, complete=True, gap="77d0"), delivered(3, complete=True)])
    closed = find_gap(examined, "77d0")
    assert (closed.state, [one["number"] for one in closed.delivered]) == ("delivered", [9, 4, 3])
    # A leader had accepted it: that stays to be seen.
    assert (find_gap(examined, "3f9a").state, find_gap(examined, "3f9a").reviewed_by) == ("delivered", "wang")
    assert missing_numbers(examined, "X8123") == []
    assert "gap-delivered" in [entry.kind for entry in examined.log_about("77d0")]
    # Two examinations at the same time find the same: it counts once.
    examined.append([delivered(3, complete=True, gap="77d0")])
    assert len(find_gap(examined, "77d0").delivered) == 3
    assert list(examined.differences_from_custody()) == []


@pytest.mark.parametrize(
    "events",
    [
        [delivered(7, complete=True)],
        [delivered(3, complete=False)],
        [delivered(3, complete=True, gap="ffff")],
        [delivered(3, complete=True), delivered(4, complete=True)],
        [delivered(3, complete=True), EXPLAINED],
        [EXPLAINED, delivered(3, complete=True), ACCEPTED],
    ],
)
def test_what_closes_no_gap_is_not_written_down(examined: Catalog, events: list[GapDelivered]) -> None:
    with pytest.raises(BadEvent):
        examined.append(events)
    assert find_gap(examined, "3f9a").state == "open"
