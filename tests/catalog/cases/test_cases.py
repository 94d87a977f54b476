"""What cases, links, classes and notes do to the tables, on both databases; the log alone gives them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from catalog.cases.events import (
    CaseClosed,
    CaseDocumentAdded,
    CaseEdited,
    CaseFiled,
    CaseOpened,
    CaseReopened,
    ClipClassified,
    ClipLinked,
    ClipNoted,
    ClipUnlinked,
)
from catalog.cases.model import CaseSearch, ClipSearch
from catalog.cases.queries import (
    case_numbered,
    cases_of_clips,
    cases_of_search,
    cases_page,
    clips_of_case,
    counts_of_clips,
    documents_of_case,
    find_case,
    links_of_case,
    notes_of_clip,
    points_of_clips,
)
from catalog.cases.searching import clips_page
from catalog.cases.states import State
from catalog.documents.events import DocumentKept
from catalog.errors import BadEvent, CatalogFault, NotFound
from catalog.events import ClipFiled, FactsRead
from catalog.kinds import KINDS, parse
from catalog.store import Catalog
from tests.simulators.histories import clip_id, digest, docking, read

FIRST, SECOND = clip_id("s1", 1), clip_id("s1", 2)
OPENED = CaseOpened(
    case="c0ffee",
    number="2026-昌水罚-017",
    cause="未取得取水许可擅自取水",
    parties=["王芳", "昌黎县鑫源矿业有限公司"],
    case_kind="general-procedure",
    department="城关中队",
    officers=["000123", "000124"],
    opened_on="2026-11-01",
)
DOCUMENT = DocumentKept(
    "d1", "case:c0ffee", "询问笔录.pdf", 9, {"b3": digest("d")}, "documents/case/c0ffee/d1/file/询问笔录.pdf", "direct"
)


def edited(**changed: object) -> CaseEdited:
    """What OPENED says, changed."""
    return CaseEdited(**(OPENED.data() | changed))


@pytest.fixture
def opened(catalog: Catalog) -> Catalog:
    """A docking and an open case."""
    catalog.append([*docking("s1"), OPENED], actor="user:li")
    return catalog


def found(catalog: Catalog, **search: object) -> list[str]:
    """Numbers of cases."""
    return [one.number for one in cases_of_search(catalog, CaseSearch(**search))]  # type: ignore[arg-type]


def test_a_case_has_all_that_its_entry_says(opened: Catalog) -> None:
    case = find_case(opened, "2026-昌水罚-017")
    assert (case.id, case.cause, case.parties) == ("c0ffee", OPENED.cause, OPENED.parties)
    assert (case.kind, case.department, case.officers) == ("general-procedure", "城关中队", ["000123", "000124"])
    assert (case.opened_on, case.ended_on, case.state) == (date(2026, 11, 1), None, State.OPEN)
    assert case.recorded_by == "user:li"
    assert find_case(opened, "c0f") == case == case_numbered(opened, case.number)
    with pytest.raises(NotFound):
        find_case(opened, "2026-昌水罚-018")


def test_a_case_goes_from_open_to_filed_and_on(opened: Catalog) -> None:
    opened.append([CaseClosed("c0ffee", "2026-11-10", "2026-11-05", "罚款")])
    closed = find_case(opened, "c0ffee")
    assert (closed.state, closed.ended_on, closed.outcome) == (State.CLOSED, date(2026, 11, 5), "罚款")
    opened.append([CaseFiled("c0ffee", "2026-11-12", "A-7")])
    assert (find_case(opened, "c0ffee").state, find_case(opened, "c0ffee").archive_no) == (State.FILED, "A-7")
    opened.append([CaseReopened("c0ffee", "2026-11-15", "复议")])
    again = find_case(opened, "c0ffee")
    assert (again.state, again.ended_on, again.closed_on, again.filed_on) == (State.REOPENED, None, None, None)
    assert [entry.kind for entry in opened.log_about("c0ffee")] == [
        "case-opened", "case-closed", "case-filed", "case-reopened",
    ]  # fmt: skip
    assert list(opened.differences_from_custody()) == []


@pytest.mark.parametrize(
    "event",
    [
        CaseFiled("c0ffee", "2026-11-12"),
        CaseReopened("c0ffee", "2026-11-15", "复议"),
        CaseClosed("unknown", "2026-11-10", "2026-11-05"),
        edited(case="unknown"),
        edited(opened_on="1.11.2026"),
        ClipUnlinked(FIRST, "c0ffee", "误"),
        ClipClassified("unknown", "routine", ""),
    ],
    ids=lambda event: event.KIND,
)
def test_what_contradicts_the_log_is_refused_whole(opened: Catalog, event: CaseEdited) -> None:
    with pytest.raises(BadEvent):
        opened.append([ClipNoted(FIRST, "x"), event])
    assert notes_of_clip(opened, FIRST) == []


def test_two_cases_never_share_a_number(opened: Catalog) -> None:
    with pytest.raises(CatalogFault):
        opened.append([replace(OPENED, case="beef")])


def test_a_clip_is_under_many_cases_and_a_case_has_many_clips(opened: Catalog) -> None:
    other = replace(OPENED, case="beef", number="B-2")
    links = [ClipLinked(FIRST, "c0ffee", "by-hand"), ClipLinked(SECOND, "c0ffee", "by-hand")]
    reasons = ["officer 000123", "in-window"]
    opened.append([other, *links, ClipLinked(FIRST, "beef", "suggested", "strong", reasons)], actor="user:li")
    assert [clip.id for clip in clips_of_case(opened, "c0ffee")] == [FIRST, SECOND]
    assert {
        clip: [case.number for case in cases] for clip, cases in cases_of_clips(opened, [FIRST, SECOND]).items()
    } == {
        FIRST: ["B-2", "2026-昌水罚-017"],
        SECOND: ["2026-昌水罚-017"],
    }
    (link,) = links_of_case(opened, "beef")
    assert (link.how, link.confidence, link.reasons, link.linked_by) == ("suggested", "strong", reasons, "user:li")
    assert counts_of_clips(opened, ["c0ffee", "beef", "none"]) == {"c0ffee": 2, "beef": 1}
    opened.append([ClipUnlinked(FIRST, "c0ffee", "误")], actor="user:wang")
    assert [clip.id for clip in clips_of_case(opened, "c0ffee")] == [SECOND]
    taken = next(one for one in links_of_case(opened, "c0ffee", taken_out=True) if one.clip == FIRST)
    assert (taken.unlinked_by, taken.unlink_reason) == ("user:wang", "误")
    with pytest.raises(BadEvent):
        opened.append([ClipUnlinked(FIRST, "c0ffee", "误")])
    opened.append([ClipLinked(FIRST, "c0ffee", "by-hand")])
    assert counts_of_clips(opened, ["c0ffee"]) == {"c0ffee": 2}
    assert list(opened.differences_from_custody()) == []


def test_a_filing_is_the_short_way_to_a_case_and_a_class(opened: Catalog) -> None:
    opened.append([ClipFiled(FIRST, OPENED.number, "general-procedure", ""), ClipFiled(FIRST, None, "routine", "")])
    assert [clip.id for clip in clips_of_case(opened, "c0ffee")] == [FIRST]
    assert opened.find_clip(FIRST).clip_class == "routine"
    opened.append([ClipFiled(SECOND, "老-3", "other", ""), ClipFiled(FIRST, "老-3", "other", "")])
    old = find_case(opened, "老-3")
    assert (old.kind, old.department, old.cause, old.opened_on) == ("other", "城关中队", "", date(2026, 11, 21))
    assert [clip.id for clip in clips_of_case(opened, old.id)] == [FIRST, SECOND]
    assert found(opened, words=("老-3",)) == ["老-3"]
    assert list(opened.differences_from_custody()) == []


def test_a_changed_case_is_found_by_what_it_is_now_and_no_more_by_what_it_was(opened: Catalog) -> None:
    assert found(opened, words=("鑫源",)) == found(opened, officer="000124") == [OPENED.number]
    opened.append([edited(parties=["王芳"], officers=["000123", "000200"], number="2026-昌水罚-018", note="已缴款")])
    assert found(opened, words=("鑫源",)) == found(opened, officer="000124") == []
    assert found(opened, words=("缴款",)) == found(opened, officer="000200") == ["2026-昌水罚-018"]
    assert found(opened, words=("018",), party=("王芳",)) == ["2026-昌水罚-018"]
    assert list(opened.differences_from_custody()) == []


@pytest.mark.parametrize(
    ("search", "is_found"),
    [
        ({"words": ("取水",)}, True),
        ({"words": ("取水", "王芳")}, True),
        ({"words": ("水取",)}, False),
        ({"words": ("芳",)}, True),
        ({"words": ("%",)}, False),
        ({"words": ("_芳",)}, False),
        ({"words": ("芳昌",)}, False),
        ({"party": ("王芳",), "cause": ("取水",)}, True),
        ({"party": ("取水",)}, False),
        ({"cause": ("王芳",)}, False),
        ({"departments": ("城关中队", "城北中队")}, True),
        ({"departments": ()}, False),
        ({"kind": "coercive-measure"}, False),
        ({"state": State.OPEN}, True),
        ({"state": State.CLOSED}, False),
        ({"since": date(2026, 11, 1), "until": date(2026, 11, 2)}, True),
        ({"until": date(2026, 11, 1)}, False),
    ],
    ids=str,
)
def test_cases_are_found_by_any_of_their_keys(opened: Catalog, search: dict[str, object], is_found: bool) -> None:
    assert found(opened, **search) == ([OPENED.number] if is_found else [])


def test_overdue_files_come_by_the_end_of_their_act(opened: Catalog) -> None:
    for number, end in (("B", "2026-10-20"), ("C", "2026-10-10"), ("D", "2026-10-21"), ("E", "2026-10-15")):
        opened.append([replace(OPENED, case=number, number=number, opened_on="2026-10-01", ended_on=end)])
    opened.append([CaseClosed("E", "2026-10-16", "2026-10-15"), CaseFiled("E", "2026-10-17")])
    search = CaseSearch(ended_by=date(2026, 10, 20))
    assert found(opened, ended_by=date(2026, 10, 20)) == ["C", "B"]
    (first,) = cases_page(opened, search, 1)
    assert first.ended_on is not None
    assert [one.number for one in cases_page(opened, search, 1, (first.ended_on, first.id))] == ["B"]


def test_pages_of_cases_follow_each_other_newest_first(opened: Catalog) -> None:
    opened.append(
        [replace(OPENED, case=f"{n:03d}", number=str(n), opened_on=f"2026-10-{n % 9 + 1:02d}") for n in range(40)]
    )
    everything = [one.number for one in cases_of_search(opened, CaseSearch())]
    assert everything[0] == OPENED.number and len(everything) == 41
    seen: list[str] = []
    after = None
    while page := cases_page(opened, CaseSearch(), 7, after):
        seen += [one.number for one in page]
        after = page[-1].position
    assert seen == everything
    assert [one.number for one in cases_of_search(opened, CaseSearch(), 3)] == everything[:3]


def test_documents_of_a_case_are_told_with_where_they_lie(opened: Catalog) -> None:
    opened.append([DOCUMENT, CaseDocumentAdded("c0ffee", "d1", "笔录")], actor="user:li")
    opened.append([CaseDocumentAdded("c0ffee", "d1", "询问笔录")], actor="user:wang")
    (document,) = documents_of_case(opened, "c0ffee")
    assert (document.document, document.title, document.added_by) == ("d1", "询问笔录", "user:wang")
    assert (document.vault_path, document.digest) == (DOCUMENT.vault_path, digest("d"))
    assert list(opened.differences_from_custody()) == []


def test_places_of_clips_come_from_points_and_tracks(opened: Catalog) -> None:
    track = {"name": "gps_track", "value": [["t", "39.8", "119.2"]], "unit": "", "source": "exiftool"}
    opened.append([read(FIRST), FactsRead(SECOND, [track], [])])
    places = points_of_clips(opened, [FIRST, SECOND, "none"])
    assert places == {FIRST: [(39.7, 119.1)], SECOND: [(39.8, 119.2)]}


def test_notes_are_kept_in_their_order_and_found(opened: Catalog) -> None:
    opened.append([ClipNoted(FIRST, "当事人拒绝签字"), ClipNoted(FIRST, "当事人已离开")], actor="user:li")
    assert [note.note for note in notes_of_clip(opened, FIRST)] == ["当事人拒绝签字", "当事人已离开"]
    assert [clip.id for clip in clips_page(opened, ClipSearch(words=("签字",)), 9).clips] == [FIRST]
    # All words in one note.
    assert clips_page(opened, ClipSearch(words=("签字", "离开")), 9).clips == []
    assert list(opened.differences_from_custody()) == []


def test_the_mark_of_the_recorder_and_that_of_people_stand_apart(opened: Catalog) -> None:
    opened.append([ClipClassified(FIRST, "routine", "巡查")])
    clip = opened.find_clip(FIRST)
    assert (clip.clip_class, clip.key_mark) == ("routine", False)
    opened.append([ClipClassified(FIRST, "unclassified", "误")])
    assert opened.find_clip(FIRST).clip_class == "unclassified"


def test_every_event_of_the_room_is_read_back_as_it_was() -> None:
    events = [
        OPENED, edited(), CaseClosed("c", "2026-11-10", "2026-11-05"), CaseReopened("c", "2026-11-15", "x"),
        CaseFiled("c", "2026-11-12"), CaseDocumentAdded("c", "d", "t"), ClipLinked("k", "c", "by-hand"),
        ClipUnlinked("k", "c", "r"), ClipClassified("k", "routine", "r"), ClipNoted("k", "n"),
    ]  # fmt: skip
    for event in events:
        assert KINDS[event.KIND] is type(event)
        assert parse(event.KIND, event.data()) == event
