"""How the vault's upkeep stands: for `dockd fixity status`, `dockd mirror status` and `dockd doctor`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.fixity.model import WHATS, Amount, Copied, Damage, Round
from catalog.fixity.queries import copied_at, damaged, left, overdue, read_in_round, round_of
from catalog.model import utc_text

from .assembly import Opened
from .doctor import Check, State
from .exits import Exit
from .i18n import _, ngettext
from .mirroring import open_mirror
from .showing import size_text
from .station import Station
from .upkeep_words import MirrorFault, MirrorUnusable, of_upkeep


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of files: the round that is under way, what of it was read and is left, and what is overdue."""

    current: Round
    read: Amount
    left: Amount
    overdue: Amount

    def as_json(self) -> dict[str, Any]:
        """By stable names."""
        return {
            "what": self.current.what,
            "round": self.current.number,
            "began_at": _text(self.current.began_at),
            "read_at": _text(self.current.read_at),
            "read": asdict(self.read),
            "left": asdict(self.left),
            "overdue": asdict(self.overdue),
        }


@dataclass(frozen=True, slots=True)
class Upkeep:
    """All kinds, and what is damaged."""

    readings: tuple[Reading, ...]
    damaged: tuple[Damage, ...]

    @property
    def exit_code(self) -> Exit:
        """As verification ends: with findings while anything is damaged."""
        return Exit.FINDINGS if self.damaged else Exit.OK

    @property
    def overdue(self) -> int:
        """How many files were not read within the stated time."""
        return sum(reading.overdue.files for reading in self.readings)


def upkeep_of(station: Station, within_days: int) -> Upkeep:
    """How the reading stands now. Raises CatalogFault."""
    since = station.clock() - timedelta(days=within_days)
    return Upkeep(tuple(_reading(station, what, since) for what in reversed(WHATS)), tuple(damaged(station.catalog)))


def _reading(station: Station, what: str, since: datetime) -> Reading:
    current = round_of(station.catalog, what)
    return Reading(
        current,
        read_in_round(station.catalog, what, current.number),
        left(station.catalog, what, current.after),
        overdue(station.catalog, what, since),
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


def copied_json(place: str, folder: str, copied: Copied) -> dict[str, Any]:
    """What a place holds, by stable names."""
    return {"place": place, "folder": folder, **asdict(copied), "newest": _text(copied.newest)}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


# ------------------------------------------------------------------------------------------------------------- doctor


def checks(opened: Opened) -> list[Check]:
    """What doctor has to say of upkeep."""
    found = [_fixity_check(opened)]
    if opened.config.mirror.folder:
        found.append(_mirror_check(opened))
    return found


def _fixity_check(opened: Opened) -> Check:
    within_days = opened.config.fixity.within_days
    since = opened.station.clock() - timedelta(days=within_days)
    bad = damaged(opened.station.catalog)
    if bad:
        found = ngettext("{n} damaged file", "{n} damaged files", len(bad)).format(n=len(bad))
        return Check("fixity", State.FAIL, found, _("dockd fixity status lists them"), Exit.FINDINGS)
    late = [overdue(opened.station.catalog, what, since) for what in WHATS]
    files = sum(one.files for one in late)
    if files:
        found = ngettext(
            "{n} file ({size}) not read again for {days} days",
            "{n} files ({size}) not read again for {days} days",
            files,
        ).format(n=files, size=size_text(sum(one.size_bytes for one in late)), days=within_days)
        return Check("fixity", State.WARN, found, _("let dockd-fixity.timer run every night, or: dockd fixity run"))
    return Check("fixity", State.OK, _("all read within {days} days").format(days=within_days))


def _mirror_check(opened: Opened) -> Check:
    try:
        mirror = open_mirror(opened.station, opened.config.mirror_dir(opened.home))
    except (MirrorUnusable, MirrorFault) as error:
        told = of_upkeep(error)
        assert told is not None
        return Check("mirror", State.FAIL, told.sentence, told.hint, told.exit_code)
    copied = copied_at(opened.station.catalog, mirror.place)
    if copied.waiting or copied.lacking:
        found = _("{n} sessions and {m} recordings have no second copy yet").format(n=copied.waiting, m=copied.lacking)
        return Check("mirror", State.WARN, found, _("let dockd-mirror.timer run, or: dockd mirror run"))
    return Check("mirror", State.OK, _("{n} recordings have second copies").format(n=copied.clips))
