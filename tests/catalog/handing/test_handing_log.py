"""Hand-overs in the tables, on both databases; what no log may say of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog.cases.events import CaseOpened
from catalog.documents.events import DocumentKept
from catalog.errors import BadEvent, NotFound
from catalog.event import Event
from catalog.handing import events as handing
from catalog.handing.applying import ACTS
from catalog.handing.events import HandoverChecked, HandoverMade, HandoverReceived, ReceiverTrusted
from catalog.handing.model import HandoverRow, Waiting
from catalog.handing.queries import (
    all_receivers,
    clips_handed,
    clips_waiting,
    documents_handed,
    documents_waiting,
    find_handover,
    handover,
    handovers_made,
    receipts_of,
    receiver_of_key,
    waiting,
)
from catalog.kinds import parse
from catalog.store import Catalog
from catalog.watching.events import GapFound
from tests.simulators.histories import clip_id, docking, ingested, opened, sealed

ONE, TWO, OTHER = clip_id("s1", 1), clip_id("s1", 2), clip_id("s2", 1)
MANIFEST, KEY = "b3:" + "1" * 64, "ssh-ed25519 AAAA"
LACKS = {"path": "vault/x", "what": "missing", "expected": "", "found": ""}


def paper(document: str, subject: str) -> DocumentKept:
    return DocumentKept(document, subject, f"{document}.pdf", 7, {"b3": MANIFEST}, f"documents/{document}", "direct")


def before() -> list[Event]:
    """Two departments with what they recorded, a paper of a case, one on a gap, and one that is nobody's."""
    case = CaseOpened("c1", "A-17", "", [], "routine", "城关中队", [], "2026-11-20")
    gap = GapFound("g1", "s2", "X8123", "pause", None, None, None, None, None, 0, [])
    papers = [paper("d1", "case:c1"), paper("d2", "gap:g1"), paper("d3", "other:c1")]
    return [*docking("s1"), *docking("s2", department="城南中队"), case, gap, *papers]


def made(**changed: Any) -> HandoverMade:
    facts: dict[str, Any] = {
        "batch": "20261121-00000001",
        "department": "城关中队",
        "to": "局办公室",
        "by": "user:li",
        "clips": [ONE, TWO],
        "documents": ["d1"],
        "size_bytes": 2010,
        "manifest_digest": MANIFEST,
    }
    return HandoverMade(**(facts | changed))


def received(how: str = "here", by: str = "user:arch", **changed: Any) -> HandoverReceived:
    facts: dict[str, Any] = {
        "batch": "20261121-00000001",
        "how": how,
        "receiver": by,
        "key": None,
        "by": by,
        "manifest_digest": MANIFEST,
        "files": 5,
        "differences": [],
        "documents": [],
    }
    return HandoverReceived(**(facts | changed))


def signed(**changed: Any) -> HandoverReceived:
    return received("signed", "user:li", **({"receiver": "局办公室", "key": KEY} | changed))


CHECKED = HandoverChecked("b", "st-1", "SHA256:x", True, "城关中队", "user:arch", MANIFEST, 5, 9, [LACKS], MANIFEST)


def everything() -> list[Event]:
    return [
        *before(),
        made(),
        received(differences=[LACKS]),
        ReceiverTrusted("局办公室", KEY, "user:admin"),
        CHECKED,
        signed(),
        ReceiverTrusted("局办公室", None, "user:admin"),
    ]


def test_every_kind_of_this_room_is_tried_here_and_the_log_alone_gives_every_table_again(catalog: Catalog) -> None:
    ours = {kind.KIND for kind in vars(handing).values() if isinstance(kind, type) and issubclass(kind, Event)} - {""}
    assert {event.KIND for event in everything()} >= ours
    # What this station checked of another one's is told by the log alone.
    assert ACTS.keys() == ours - {"handover-checked"}
    for event in everything():
        assert parse(event.KIND, event.data()) == event
    catalog.append(everything(), actor="user:li")
    assert list(catalog.differences_from_custody()) == []
    assert [entry.kind for entry in catalog.log_about("20261121-00000001")] == [
        *("handover-made", "handover-received", "handover-received"),
    ]


def test_what_waits_is_what_is_sealed_and_in_no_batch(catalog: Catalog) -> None:
    catalog.append(before())
    catalog.append([opened("s3"), *docking("s4", department="城南中队")[:-1]])
    assert [(one.department, one.clips, one.size_bytes) for one in waiting(catalog)] == [
        *(("城关中队", 2, 2003), ("城南中队", 2, 2003)),
    ]
    both = ["城关中队", "城南中队"]
    assert [one.id for one in documents_waiting(catalog, both)] == ["d1", "d2"]
    assert [one.id for one in documents_waiting(catalog, both[:1])] == ["d1"]
    assert [clip.id for clip in clips_waiting(catalog, both[:1], 10)] == [ONE, TWO]
    (first,) = clips_waiting(catalog, both[:1], 1)
    assert first.recorded_at is not None and first.id == ONE
    (second,) = clips_waiting(catalog, both[:1], 10, since=clips_waiting(catalog, both[:1], 2)[1].recorded_at)
    assert second.id == TWO
    assert [clip.id for clip in clips_waiting(catalog, both[:1], 10, until=second.recorded_at)] == [ONE]
    catalog.append([made()])
    assert [one.id for one in documents_waiting(catalog, both)] == ["d2"]
    assert waiting(catalog) == [Waiting("城南中队", 2, 2003, waiting(catalog)[0].since)]
    catalog.append([sealed("s4")])
    assert [one.clips for one in waiting(catalog)] == [4]


def test_a_batch_is_read_with_its_receipts(catalog: Catalog) -> None:
    catalog.append([*before(), made()])
    row = find_handover(catalog, "20261121-0")
    assert row == HandoverRow(
        *("20261121-00000001", "城关中队", "局办公室", "user:li", row.made_at, 2, 1, 2010, MANIFEST, "made")
    )
    assert [clip.id for clip in clips_handed(catalog, row.id)] == [ONE, TWO]
    assert [one.id for one in documents_handed(catalog, row.id)] == ["d1"]
    assert handovers_made(catalog, departments=["城南中队"]) == []
    catalog.append([received("paper", differences=[LACKS])])
    assert handover(catalog, row.id).state == "differs" and handovers_made(catalog, open_only=True) != []
    catalog.append([ReceiverTrusted("局办公室", KEY, "user:admin"), signed()])
    assert handover(catalog, row.id).state == "received" and handovers_made(catalog, open_only=True) == []
    assert [(one.how, one.receiver, one.differences) for one in receipts_of(catalog, row.id)] == [
        *(("paper", "user:arch", [LACKS]), ("signed", "局办公室", [])),
    ]
    assert [one.name for one in all_receivers(catalog)] == ["局办公室"]
    known = receiver_of_key(catalog, KEY)
    assert known is not None and known.name == "局办公室" and receiver_of_key(catalog, "ssh-ed25519 BBBB") is None
    with pytest.raises(NotFound):
        handover(catalog, "20261121")


@pytest.mark.parametrize(
    ("happened", "wrong"),
    [
        ([], made(batch="b2", documents=[])),
        ([], made(batch="b2", clips=[OTHER])),
        ([], made(batch="b2", clips=["nowhere"], documents=[])),
        ([], made(batch="b2", clips=[OTHER, OTHER], documents=[])),
        ([], made(batch="b2", clips=[OTHER], documents=["nowhere"])),
        ([], received(by="user:li")),
        ([], received("paper", by="user:li")),
        ([], received(manifest_digest="b3:" + "2" * 64)),
        ([], received(batch="nowhere")),
        ([], signed()),
        ([ReceiverTrusted("局办公室", KEY, "x")], signed(key="ssh-ed25519 BBBB")),
        ([ReceiverTrusted("局办公室", KEY, "x")], signed(receiver="市局")),
        ([ReceiverTrusted("局办公室", KEY, "x"), ReceiverTrusted("局办公室", None, "x")], signed()),
        ([ReceiverTrusted("局办公室", KEY, "x"), ReceiverTrusted("局办公室", None, "x")], signed(key=None)),
        ([received()], received(by="user:chief")),
    ],
)
def test_what_may_never_be_is_refused_and_not_written(catalog: Catalog, happened: list[Event], wrong: Event) -> None:
    catalog.append([*before(), made(), *happened])
    head = catalog.head()
    with pytest.raises(BadEvent):
        catalog.append([wrong])
    assert catalog.head() == head


def test_more_clips_than_one_statement_takes_are_handed_over_once(catalog: Catalog) -> None:
    many = 1003
    catalog.append([opened("s1"), *(ingested("s1", seq) for seq in range(1, many + 1)), sealed("s1")])
    ids = [clip_id("s1", seq) for seq in range(1, many + 1)]
    catalog.append([made(clips=ids, documents=[])])
    assert waiting(catalog) == [] and len(clips_handed(catalog, "20261121-00000001")) == many
    with pytest.raises(BadEvent):
        catalog.append([replace(made(documents=[]), batch="b2", clips=ids[-1:])])
