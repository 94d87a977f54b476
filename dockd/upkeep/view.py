"""How the vault's upkeep stands: for `dockd fixity status` and `dockd mirror status`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.fixity.model import CLIPS, WHATS, Amount, Copied, Damage, LostCopy, Round
from catalog.fixity.queries import damaged, lost_copies
from catalog.fixity.rounds import left, overdue, read_in_round, round_of
from catalog.model import utc_text

from ..exits import Exit
from ..station import Station


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of files in the vault, or the second copies at a place (`at`): the round that is under way, what of it
    was read and is left, and what is overdue.
    """

    at: str | None
    current: Round
    read: Amount
    left: Amount
    overdue: Amount

    def as_json(self) -> dict[str, Any]:
        """By stable names."""
        return {
            "what": self.current.what,
            "place": self.at,
            "round": self.current.number,
            "began_at": _text(self.current.began_at),
            "read_at": _text(self.current.read_at),
            "read": asdict(self.read),
            "left": asdict(self.left),
            "overdue": asdict(self.overdue),
        }


@dataclass(frozen=True, slots=True)
class Upkeep:
    """All kinds, the second copies whose disk is there, what is damaged, and the copies that do not hold."""

    readings: tuple[Reading, ...]
    damaged: tuple[Damage, ...]
    copies_lost: tuple[LostCopy, ...]

    @property
    def exit_code(self) -> Exit:
        """As verification ends: with findings while anything is damaged in the vault."""
        return Exit.FINDINGS if self.damaged else Exit.OK


def upkeep_of(station: Station, within_days: int, mirror: str | None) -> Upkeep:
    """How the reading stands now; `mirror` names the place of second copies that is there. Raises CatalogFault."""
    since = station.clock() - timedelta(days=within_days)
    shelves: list[tuple[str, str | None]] = [(what, None) for what in reversed(WHATS)]
    if mirror is not None:
        shelves.append((CLIPS, mirror))
    readings = tuple(_reading(station, what, at, since) for what, at in shelves)
    return Upkeep(readings, tuple(damaged(station.catalog)), tuple(lost_copies(station.catalog)))


def overdue_files(station: Station, within_days: int) -> Amount:
    """What of the vault was not read within the stated time. Raises CatalogFault."""
    since = station.clock() - timedelta(days=within_days)
    late = [overdue(station.catalog, what, since) for what in WHATS]
    return Amount(sum(one.files for one in late), sum(one.size_bytes for one in late))


def _reading(station: Station, what: str, at: str | None, since: datetime) -> Reading:
    current = round_of(station.catalog, what, at)
    return Reading(
        at,
        current,
        read_in_round(station.catalog, what, current.number, at),
        left(station.catalog, what, current.after, at),
        overdue(station.catalog, what, since, at),
    )


def damage_json(damage: Damage) -> dict[str, Any]:
    """A damaged file by stable names."""
    return {
        "what": damage.what,
        "clip": damage.clip,
        "vault_path": damage.vault_path,
        "damage": damage.damage,
        "expected": damage.expected,
        "found": damage.found,
        "found_at": _text(damage.found_at),
    }


def lost_json(lost: LostCopy) -> dict[str, Any]:
    """A copy that does not hold by stable names."""
    return asdict(lost) | {"since": _text(lost.since)}


def copied_json(place: str, folder: str, copied: Copied) -> dict[str, Any]:
    """What a place holds, by stable names."""
    return {"place": place, "folder": folder, **asdict(copied), "newest": _text(copied.newest)}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
