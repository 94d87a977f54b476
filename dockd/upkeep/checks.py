"""What `dockd doctor` has to say of upkeep: what is damaged, what was not read again for too long, second copies."""

from __future__ import annotations

from datetime import timedelta

from catalog.fixity.model import CLIPS
from catalog.fixity.queries import copied_at, count_damaged
from catalog.fixity.rounds import overdue

from ..assembly import Opened
from ..checks import Check, State
from ..exits import Exit
from ..i18n import _, ngettext
from ..showing import size_text
from .errors import MirrorFault, MirrorUnusable
from .mirroring import open_mirror
from .view import overdue_files
from .words import damaged_text, of_upkeep


def checks(opened: Opened) -> list[Check]:
    """A line for the vault, and one for the mirror where there is to be one."""
    found = [_fixity_check(opened)]
    if opened.config.mirror.folder:
        found.append(_mirror_check(opened))
    return found


def _fixity_check(opened: Opened) -> Check:
    within_days = opened.config.fixity.within_days
    bad = count_damaged(opened.station.catalog)
    if bad:
        return Check("fixity", State.FAIL, damaged_text(bad), _("dockd fixity status lists them"), Exit.FINDINGS)
    late = overdue_files(opened.station, within_days)
    if late.files:
        found = ngettext(
            "{n} file ({size}) not read again for {days} days",
            "{n} files ({size}) not read again for {days} days",
            late.files,
        ).format(n=late.files, size=size_text(late.size_bytes), days=within_days)
        return Check("fixity", State.WARN, found, _("let dockd-fixity.timer run every night, or: dockd fixity run"))
    return Check("fixity", State.OK, _("all read within {days} days").format(days=within_days))


def _mirror_check(opened: Opened) -> Check:
    station, within_days = opened.station, opened.config.fixity.within_days
    try:
        mirror = open_mirror(station, opened.config.mirror_dir(opened.home))
    except (MirrorUnusable, MirrorFault) as error:
        told = of_upkeep(error)
        assert told is not None
        return Check("mirror", State.FAIL, told.sentence, told.hint, told.exit_code)
    copied = copied_at(station.catalog, mirror.place)
    if copied.waiting or copied.lacking:
        found = _("no second copy yet: sessions {n}, recordings of others {m}")
        found = found.format(n=copied.waiting, m=copied.lacking)
        return Check("mirror", State.WARN, found, _("let dockd-mirror.timer run, or: dockd mirror run"))
    late = overdue(station.catalog, CLIPS, station.clock() - timedelta(days=within_days), mirror.place)
    if late.files:
        found = ngettext(
            "{n} second copy not read again for {days} days",
            "{n} second copies not read again for {days} days",
            late.files,
        ).format(n=late.files, days=within_days)
        return Check("mirror", State.WARN, found, _("let dockd-fixity.timer run while its disk is there"))
    return Check("mirror", State.OK, _("recordings with a second copy: {n}").format(n=copied.clips))
