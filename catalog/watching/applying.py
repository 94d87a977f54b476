"""What clocks, health, gaps and the words of people about them do to the tables."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..tables import clips
from .gap_closing import missing_ranges, without
from .tables import clock_readings, clock_settings, duty_verdicts, examinations, gaps, health_readings, newer_files


def _measured(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.add(clock_readings, data | {"station": entry.station})


def _set(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.add(clock_settings, data | {"station": entry.station, "took": None, "judged_in": None})


def _judged(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    setting = update(clock_settings).where(clock_settings.c.session == data["set_in"])
    fold.one(entry, setting.values(took=data["took"], judged_in=data["session"]))


def _settled(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    known = {"recorded_at": data["likely"], "sort_at": data["likely"], "time_source": "settled", "time_doubt": None}
    limits = {"recorded_earliest": data["earliest"], "recorded_latest": data["latest"], "anchor_at": data["latest"]}
    fold.one(entry, update(clips).where(clips.c.id == data["clip"]).values(**known, **limits))


def _health(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.add(health_readings, data | {"station": entry.station})


def _duty(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    # A recorder that is cleared is judged anew; the last word of its session counts.
    fold.run(delete(duty_verdicts).where(duty_verdicts.c.session == data["session"]))
    fold.add(duty_verdicts, data | {"station": entry.station, "judged_at": entry.at})


def _newer(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    whose = {"session": data["session"], "station": entry.station, "recorder": data["recorder"]}
    names = ("seq", "path", "modified_at")
    fold.add(newer_files, *({name: file[name] for name in names} | whose for file in data["files"]))


def _examined(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.run(delete(examinations).where(examinations.c.session == data["session"]))
    fold.add(examinations, data | {"station": entry.station, "examined_at": entry.at})


def _found(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    if fold.connection.scalar(select(gaps.c.id).where(gaps.c.id == data["gap"])) is not None:
        # A command beside the timer examined the same session at the same time: the first finding stands.
        return
    row = {
        name: data[name]
        for name in ("found_in", "recorder", "before_clip", "after_clip", "length_ms", "uncertainty_ms", "evidence")
    }
    row |= {"id": data["gap"], "kind": data["gap_kind"], "start_at": data["start"], "end_at": data["end"]}
    row |= {"state": "open", "explainers": [], "delivered": []}
    fold.add(gaps, row | {"station": entry.station, "found_at": entry.at})


def _delivered(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    asked = select(gaps.c.evidence, gaps.c.delivered).where(gaps.c.id == data["gap"])
    found = fold.connection.execute(asked).one_or_none()
    if found is None:
        raise BadEvent(entry.kind, f"entry {entry.seq}: no such gap")
    if all(file in found[1] for file in data["files"]):
        # As two examinations at the same time find it: the first one counts.
        return
    missing = without(missing_ranges(found[0]), [int(file["number"]) for file in found[1]])
    left = without(missing, [int(file["number"]) for file in data["files"]])
    if left == missing or data["complete"] != (not left):
        raise BadEvent(entry.kind, f"entry {entry.seq}: not what is missing")
    said = {"delivered": [*found[1], *data["files"]]} | ({} if left else {"state": "delivered"})
    fold.one(entry, update(gaps).where(gaps.c.id == data["gap"]).values(**said))


def _explained(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    unreviewed = gaps.c.state.in_(("open", "explained"))
    before = fold.connection.scalar(select(gaps.c.explainers).where(gaps.c.id == data["gap"], unreviewed))
    if before is None:
        # Two people at once: the second one's word comes too late, and he asks again.
        raise BadEvent(entry.kind, f"entry {entry.seq}: no such gap, or closed")
    said = {name: data[name] for name in ("clip_of_words", "at_ms", "text", "attachment", "attachment_digest")}
    said |= {"explained_by": data["by"], "explained_at": entry.at, "explainers": sorted({*before, data["by"]})}
    said |= {"reviewed_by": None, "reviewed_at": None, "review_note": None}
    fold.one(entry, update(gaps).where(gaps.c.id == data["gap"]).values(state="explained", **said))


def _reviewed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    state = "reviewed" if data["accepted"] else "open"
    said = {"reviewed_by": data["by"], "reviewed_at": entry.at, "review_note": data["note"]}
    explained = update(gaps).where(gaps.c.id == data["gap"], gaps.c.state == "explained")
    fold.one(entry, explained.values(state=state, **said))


ACTS: dict[str, Act] = {
    "clock-measured": _measured,
    "clock-set": _set,
    "clock-setting-judged": _judged,
    "clip-time-settled": _settled,
    "health-read": _health,
    "duty-judged": _duty,
    "newer-files-seen": _newer,
    "session-examined": _examined,
    "gap-found": _found,
    "gap-delivered": _delivered,
    "gap-explained": _explained,
    "gap-reviewed": _reviewed,
}
