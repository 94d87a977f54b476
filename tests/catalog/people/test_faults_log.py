"""The register of faults in the tables, on both databases; a recorder with an open fault is out of service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog.errors import BadEvent, NotFound
from catalog.event import Event
from catalog.kinds import parse
from catalog.people import fault_events
from catalog.people.events import RecorderChanged, RecorderRegistered
from catalog.people.fault_applying import ACTS
from catalog.people.fault_events import (
    FaultInspected,
    FaultReported,
    RecorderBack,
    RecorderLost,
    RecorderScrapped,
    RecorderSent,
)
from catalog.people.fault_queries import faults_of, find_fault
from catalog.people.queries import registered
from catalog.store import Catalog

REGISTERED = [RecorderRegistered("X1", "城关中队"), RecorderRegistered("X2", "城关中队")]
REPORT = FaultReported("f1", "X1", "fault", "黑屏", "user:zhang", "100234")
LOST = RecorderLost("f2", "X2", "水库边丢失", "user:zhang", None)
FAULTY = FaultInspected("f1", "X1", "排线断裂", False, "螺丝有拆痕", "user:keeper")
WORKS = FaultInspected("f1", "X1", "重启后正常", True, None, "user:keeper")
SENT = RecorderSent("f1", "X1", "深圳某厂", "R-77", "user:keeper")
BACK = RecorderBack("f1", "X1", "换排线", "user:keeper")
SCRAP = RecorderScrapped("f1", "X1", "无维修价值", "user:keeper")


def state(catalog: Catalog, recorder: str = "X1") -> str:
    line = registered(catalog, recorder)
    assert line is not None
    return line.state


def test_every_kind_of_this_room_is_tried_here_and_the_log_alone_gives_every_table_again(catalog: Catalog) -> None:
    everything = [*REGISTERED, REPORT, LOST, FAULTY, SENT, BACK, replace(SCRAP, fault="f2", recorder="X2")]
    named = vars(fault_events).values()
    ours = {kind.KIND for kind in named if isinstance(kind, type) and issubclass(kind, Event)} - {""}
    assert {event.KIND for event in everything} >= ours == set(ACTS)
    for event in everything:
        assert parse(event.KIND, event.data()) == event
    catalog.append(everything, actor="user:keeper")
    assert list(catalog.differences_from_custody()) == []
    assert [entry.kind for entry in catalog.log_about("f1")] == [one.KIND for one in (REPORT, FAULTY, SENT, BACK)]


def test_the_register_follows_the_fault(catalog: Catalog) -> None:
    catalog.append(REGISTERED)
    told = []
    for event in (REPORT, FAULTY, SENT, BACK):
        catalog.append([event])
        told.append((state(catalog), faults_of(catalog, ended=True)[0].state))
    assert told == [("faulty", "reported"), ("faulty", "inspected"), ("at-maker", "sent"), ("in-service", "back")]
    assert faults_of(catalog) == []
    over = find_fault(catalog, "f1")
    assert (over.finding, over.private_repair, over.sent_to, over.ended_note) == (
        *("排线断裂", "螺丝有拆痕", "深圳某厂", "换排线"),
    )
    catalog.append([replace(REPORT, fault="f3"), replace(WORKS, fault="f3"), replace(BACK, fault="f3")])
    assert state(catalog) == "in-service"
    catalog.append([replace(REPORT, fault="f4"), replace(SCRAP, fault="f4")])
    assert state(catalog) == "retired" and [one.id for one in faults_of(catalog, recorder="X1", ended=True)] == [
        *("f1", "f3", "f4"),
    ]


def test_a_loss_is_a_fault_of_its_own_or_the_end_of_the_one_that_is_open(catalog: Catalog) -> None:
    catalog.append([*REGISTERED, LOST])
    assert (state(catalog, "X2"), find_fault(catalog, "X2").what) == ("lost", "lost")
    catalog.append([REPORT, replace(LOST, fault="f1", recorder="X1")])
    found = find_fault(catalog, "X1")
    assert (found.what, found.state, found.text, state(catalog)) == ("fault", "lost", "黑屏", "lost")
    catalog.append([FAULTY, SENT, BACK])
    assert state(catalog) == "in-service"


def test_what_an_inspection_found_of_a_private_repair_stays(catalog: Catalog) -> None:
    catalog.append([*REGISTERED, REPORT, FAULTY, WORKS, BACK])
    assert find_fault(catalog, "f1").private_repair == "螺丝有拆痕"
    with pytest.raises(NotFound):
        find_fault(catalog, "X1")


@pytest.mark.parametrize(
    ("happened", "wrong"),
    [
        ([REPORT], replace(REPORT, fault="f9")),
        ([REPORT], replace(LOST, fault="f9", recorder="X1")),
        ([], replace(REPORT, recorder="nobody's")),
        ([REPORT], SENT),
        ([REPORT, WORKS], SENT),
        ([REPORT], BACK),
        ([REPORT, FAULTY], BACK),
        ([REPORT, WORKS, BACK], FAULTY),
        ([REPORT, WORKS, BACK], SCRAP),
        ([REPORT], replace(FAULTY, recorder="X2")),
        ([REPORT], RecorderChanged("X1", "城关中队")),
        ([REPORT, FAULTY, SENT], RecorderChanged("X1", "城关中队", state="retired")),
    ],
)
def test_what_may_never_be_is_refused_and_not_written(catalog: Catalog, happened: list[Event], wrong: Event) -> None:
    catalog.append([*REGISTERED, *happened])
    head = catalog.head()
    with pytest.raises(BadEvent):
        catalog.append([wrong])
    assert catalog.head() == head


def test_the_rest_of_its_line_may_change_while_a_fault_is_open(catalog: Catalog) -> None:
    catalog.append([*REGISTERED, REPORT, RecorderChanged("X1", "城南中队", "V8", None, "faulty", "备用")])
    line = registered(catalog, "X1")
    assert line is not None and (line.department, line.model, line.note) == ("城南中队", "V8", "备用")
    catalog.append([WORKS, BACK, RecorderChanged("X1", "城南中队", state="retired")])
    assert state(catalog) == "retired"
