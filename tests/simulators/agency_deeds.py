"""What people of an agency do, done on its real station: each act as its command does it, by whom it behoves."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from catalog.cases import events as of_cases
from catalog.cases import states
from catalog.cases.queries import case_numbered, links_of_case
from catalog.changes.queries import find_change
from catalog.event import Event
from catalog.events import ClipFiled, FactsRead
from catalog.keeping.events import PackAdopted
from catalog.keeping.fitting import Event as Happened
from catalog.keeping.model import ACTIVE, LIFT_ASKED
from catalog.keeping.queries import find_hold, holds_placed
from catalog.model import Clip
from catalog.people.access import Act as Right
from dockd.assembly import Opened
from dockd.cases.acts import case_for, clips_for, opening_of, unless_refused
from dockd.changes.changing import Made, confirm, grant_lift, make, weigh_again
from dockd.changes.errors import AboveShare
from dockd.clocks.settling import Settled, at
from dockd.errors import NotAllowed
from dockd.keeping.deciding import set_pack
from dockd.keeping.holding import (
    ask_lift,
    of_case,
    of_clips,
    of_event,
    of_session,
    place,
    proposals,
    refuse_lift,
    widen,
)
from dockd.people.acting import require
from dockd.people.peopling import record
from tests.simulators import agency_acts as acts
from tests.simulators.agency_station import AgencyStation
from tests.simulators.agency_world import World
from tests.simulators.legal_end import agency_day
from tests.simulators.station import dock

HOURS = timedelta(hours=8)
DEPARTMENT = "城关中队"


class Deeds:
    """Does acts on a station, and tells the world what really came of them.

    `ids` and `paths` are of recordings as the station has them, `keys` the other way; `gone` is kept by whoever looks
    at the vault. What nobody can do any more, because the recording is gone, is not done.
    """

    def __init__(self, station: AgencyStation, world: World, card: Path, counts: Counter[str]) -> None:
        self.station, self.world, self.card, self.counts = station, world, card, counts
        self.ids: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        self.gone: dict[str, date] = {}
        self.holds: dict[str, str] = {}
        self.widen_asked = False
        self._sessions: dict[str, str] = {}
        self._pack: tuple[str, acts.FilesChanged] | None = None

    def do(self, act: acts.Act, when: datetime) -> None:
        """Do one act; `when` is the world's own time."""
        self.counts["acts"] += 1
        getattr(self, f"_{type(act).__name__}")(act, when)

    def _there(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if key in self.ids and key not in self.gone]

    def _clips(self, opened: Opened, keys: Iterable[str], case: str | None = None) -> list[Clip]:
        return clips_for(opened, [self.ids[key] for key in self._there(keys)], Right.FILE_CLIP, case)

    def _change(self, who: str, events: Sequence[Event]) -> bool:
        """Do what may make recordings due; a second person types how many they are. Whether it was done."""
        if not events:
            return True
        try:
            made = make(self.station.by(who), events)
        except AboveShare:
            self.counts["above the share"] += 1
            return False
        if made.change is not None:
            self._confirm(who, made.change, made.plan.made_due)
        return True

    def _confirm(self, who: str, change: str, count: int) -> None:
        found = find_change(self.station.opened.station.catalog, change)
        try:
            confirm(self.station.by(who), found, count)
        except NotAllowed:
            self.counts["refused alone"] += 1
        else:
            raise AssertionError(f"{who} proposed and confirmed {change}")
        confirm(self.station.by("chief" if who == "boss" else "boss"), found, count)
        self.counts["confirmed"] += 1

    # -------------------------------------------------------------------------------------------------------- dockings

    def _Docked(self, act: acts.Docked, when: datetime) -> None:
        station = self.station.opened.station
        for number, one in enumerate(act.recordings):
            folder = self.card / "DCIM" / f"{number + 100}MEDIA"
            folder.mkdir(parents=True)
            name = "clip.mp4" if one.claims is None else f"{one.recorder}_{one.officer}_{one.claims:%Y%m%d%H%M%S}.mp4"
            (folder / name).write_bytes(f"{self.station.agency} {one.key}\n".encode() * 3)
        seen_at = self.station.clock.now
        result, _cleared = dock(station, self.card, clear=act.cleared)
        shutil.rmtree(self.card)
        clips = station.catalog.clips_of_session(result.session)
        doubted = set()
        for clip in clips:
            one = act.recordings[int(clip.path.split("/")[1][:3]) - 100]
            self.ids[one.key], self.keys[clip.id], self.paths[one.key] = clip.id, one.key, clip.vault_path
            self._sessions[one.key] = result.session
            if clip.time_doubt is not None:
                doubted.add(one.key)
            if act.measured:
                length = {"name": "duration", "value": one.length_s * 1000, "unit": "ms", "source": "ffprobe"}
                station.catalog.append([FactsRead(clip.id, [length], [])])
        assert len(clips) == len(act.recordings), (result, act)
        self.world.docked(act, seen_at, doubted)
        self.counts["doubted"] += len(doubted)
        self.widen_asked = True

    # --------------------------------------------------------------------------------------------- what is said of them

    def _Classified(self, act: acts.Classified, when: datetime) -> None:
        said = act.activity or "unclassified"
        clips = [clip for clip in self._clips(self.station.by("arch"), act.keys) if clip.clip_class != said]
        if self._change("arch", [of_cases.ClipClassified(clip.id, said, "seen") for clip in clips]):
            self.world.happened(acts.Classified(tuple(self._there(act.keys)), act.activity))

    def _TimeSettled(self, act: acts.TimeSettled, when: datetime) -> None:
        if not self._there([act.key]):
            return
        opened = self.station.by("boss")
        clip = opened.station.catalog.find_clip(self.ids[act.key])
        require(opened, Right.SETTLE_TIME, clip.department, owner=clip.officer, clip=clip.id)
        local = (self.world.kept[act.key].one.began + HOURS).replace(tzinfo=None)
        said = at(clip, local, opened.station.zone, timedelta(seconds=act.within_s))
        if isinstance(said, Settled):
            record(opened, [said.event("duty log")])
            self.world.happened(act)
            self.widen_asked = True

    def _Filed(self, act: acts.Filed, when: datetime) -> None:
        opened = self.station.by("arch")
        clips = self._clips(opened, [act.key])
        if clips:
            opening = opening_of(opened, act.case, clips[0].department)
            if self._change("arch", [*opening, ClipFiled(clips[0].id, act.case, act.activity, "seen")]):
                self.world.happened(act)

    # ---------------------------------------------------------------------------------------------------------- cases

    def _CaseOpened(self, act: acts.CaseOpened, when: datetime) -> None:
        opened = self.station.by("arch")
        require(opened, Right.MANAGE_CASES, DEPARTMENT)
        case, day = opened.station.random_hex(16), agency_day(when).isoformat()
        record(opened, [of_cases.CaseOpened(case, act.case, "擅自取水", ["王芳"], act.kind, DEPARTMENT, [], day)])
        self.world.happened(act)

    def _known(self, case: str) -> bool:
        return case_numbered(self.station.opened.station.catalog, case) is not None

    def _CaseEdited(self, act: acts.CaseEdited, when: datetime) -> None:
        if not self._known(act.case):
            return
        found = case_for(self.station.by("arch"), act.case, Right.MANAGE_CASES)
        edited = of_cases.CaseEdited(
            case=found.id,
            number=found.number,
            cause=found.cause,
            parties=found.parties,
            case_kind=act.kind,
            department=found.department,
            officers=found.officers,
            opened_on=found.opened_on.isoformat(),
            ended_on=None if found.ended_on is None else found.ended_on.isoformat(),
            note=found.note,
        )
        if self._change("arch", [edited]):
            self.world.happened(act)

    def _Linked(self, act: acts.Linked, when: datetime) -> None:
        if not self._known(act.case):
            return
        opened = self.station.by("arch")
        case = case_for(opened, act.case, Right.LIST_CASES)
        there = {link.clip for link in links_of_case(opened.station.catalog, case.id)}
        clips = [clip for clip in self._clips(opened, act.keys, case.id) if clip.id not in there]
        if self._change("arch", [of_cases.ClipLinked(clip.id, case.id, "by-hand") for clip in clips]):
            self.world.happened(acts.Linked(act.case, tuple(self._there(act.keys))))

    def _Unlinked(self, act: acts.Unlinked, when: datetime) -> None:
        if not self._known(act.case):
            return
        opened = self.station.by("arch")
        case = case_for(opened, act.case, Right.LIST_CASES)
        there = {link.clip for link in links_of_case(opened.station.catalog, case.id)}
        clips = [clip for clip in self._clips(opened, [act.key], case.id) if clip.id in there]
        if clips and self._change("arch", [of_cases.ClipUnlinked(clips[0].id, case.id, "mistaken")]):
            self.world.happened(act)

    def _CaseClosed(self, act: acts.CaseClosed, when: datetime) -> None:
        if not self._known(act.case):
            return
        case = case_for(self.station.by("boss"), act.case, Right.MANAGE_CASES)
        on = max(act.on, case.opened_on, case.reopened_on or date.min)
        days = unless_refused(case.number, states.close(case.days, on, None, agency_day(when)))
        assert days.ended_on is not None
        if self._change("boss", [of_cases.CaseClosed(case.id, on.isoformat(), days.ended_on.isoformat(), "")]):
            self.world.happened(replace(act, on=on))

    def _CaseArchived(self, act: acts.CaseArchived, when: datetime) -> None:
        opened = self.station.by("arch")
        if self._known(act.case):
            case = case_for(opened, act.case, Right.MANAGE_CASES)
            days = states.file(case.days, agency_day(when), agency_day(when))
            if isinstance(days, states.Days):
                record(opened, [of_cases.CaseFiled(case.id, agency_day(when).isoformat(), None)])

    def _CaseReopened(self, act: acts.CaseReopened, when: datetime) -> None:
        opened = self.station.by("arch")
        if self._known(act.case):
            case = case_for(opened, act.case, Right.MANAGE_CASES)
            days = states.reopen(case.days, agency_day(when), "复议", agency_day(when))
            if isinstance(days, states.Days):
                record(opened, [of_cases.CaseReopened(case.id, agency_day(when).isoformat(), "复议")])
                self.world.happened(act)

    # ---------------------------------------------------------------------------------------------------------- holds

    def _HoldPlaced(self, act: acts.HoldPlaced, when: datetime) -> None:
        opened = self.station.by("arch")
        if act.event is not None:
            event = act.event
            wanted = of_event(opened, Happened(event.since, event.until, event.officers, event.recorders))
        elif act.session_of:
            if act.session_of not in self._sessions:
                return
            wanted = of_session(opened, self._sessions[act.session_of])
        elif act.case:
            if not self._known(act.case):
                return
            wanted = of_case(opened, act.case)
        else:
            wanted = of_clips(opened, [self.ids[key] for key in self._there(act.keys)])
        if not wanted.clips and act.keys:
            return
        placed = place(opened, wanted, trigger=act.trigger, long_term=act.long_term, reason="投诉")
        self.holds[act.hold] = placed.hold
        self.world.happened(replace(act, keys=tuple(self._there(act.keys))))
        self.world.shown(act.hold, [self.keys[clip.id] for clip in wanted.clips])
        self.counts["holds"] += 1
        self.widen_asked = True

    def widen(self) -> None:
        """People look at what fits the events of holds, and put all of it under them; nothing that fits is missed."""
        self.widen_asked = False
        names = {hold: name for name, hold in self.holds.items()}
        opened = self.station.by("arch")
        catalog = opened.station.catalog
        for hold in holds_placed(catalog, scope="event"):
            found = [one.clip for one in proposals(opened, [hold])]
            if found:
                widen(opened, hold, found, "later arrivals")
                self.world.shown(names[hold.id], [self.keys[clip.id] for clip in found])
                self.counts["widened"] += len(found)
            missed = [key for key in self.world.missed(names[hold.id]) if key not in self.gone]
            assert not missed, (hold, [self.world.kept[key] for key in missed])

    def _LiftAsked(self, act: acts.LiftAsked, when: datetime) -> None:
        if act.hold not in self.holds:
            return
        opened = self.station.by("boss" if act.alone else "arch")
        catalog = opened.station.catalog
        hold = find_hold(catalog, self.holds[act.hold])
        if hold.state != ACTIVE:
            return
        ask_lift(opened, hold, "over")
        if act.alone:
            asked = find_hold(catalog, hold.id)
            try:
                grant_lift(opened, asked, "over", count=None, dry_run=False)
            except NotAllowed:
                self.counts["refused alone"] += 1
            else:
                raise AssertionError(f"{hold.id} asked and granted by one")

    def _LiftAnswered(self, act: acts.LiftAnswered, when: datetime) -> None:
        if act.hold not in self.holds:
            return
        opened = self.station.by("chief")
        hold = find_hold(opened.station.catalog, self.holds[act.hold])
        if hold.state != LIFT_ASKED:
            return
        if not act.granted:
            refuse_lift(opened, hold, "still at court")
        else:
            try:
                found = grant_lift(opened, hold, "over", count=None, dry_run=True)
                grant_lift(opened, hold, "over", count=found.made_due, dry_run=False)
            except AboveShare:
                self.counts["above the share"] += 1
                return
            self.counts["lifted"] += 1
        self.world.happened(act)

    # ---------------------------------------------------------------------------------------------------------- packs

    def _FilesChanged(self, act: acts.FilesChanged, when: datetime) -> None:
        """The administrator names the pack in the settings and asks to adopt it; before a confirmation nothing goes."""
        self.station.write_pack(dict(act.files))
        self.counts["packs"] += 1
        try:
            made = self._adopt()
        except AboveShare:
            # A small archive: so few recordings are a large share. People look, and allow it for this once.
            self.counts["above the share"] += 1
            self.station.write_pack(dict(act.files), permille=1000)
            made = self._adopt()
        if made.done:
            self.world.happened(act)
        else:
            assert made.change is not None
            self._pack = (made.change, act)

    def _adopt(self) -> Made:
        opened = self.station.by("admin")
        require(opened, Right.CONFIGURE, None)
        pack = set_pack(opened)
        return make(opened, [PackAdopted(pack.name, pack.digest, opened.actor, 0)])

    def _confirm_pack(self, change: str) -> None:
        opened = self.station.by("boss")
        found = find_change(opened.station.catalog, change)
        self._confirm("admin", change, weigh_again(opened, found).plan.made_due)

    def confirm(self) -> None:
        """The leader confirms a pack that waits for him, with the number that he is shown then."""
        if self._pack is None:
            return
        (change, act), self._pack = self._pack, None
        try:
            self._confirm_pack(change)
        except AboveShare:
            # More than when it was asked for.
            self.station.write_pack(dict(act.files), permille=1000)
            self._confirm_pack(change)
        self.station.write_pack(dict(act.files))
        self.world.happened(act)
