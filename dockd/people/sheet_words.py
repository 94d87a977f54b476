"""What can be wrong in a spreadsheet, in words."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.people.cells import Trouble
from catalog.people.headings import Field, heading
from catalog.people.wanted import Fault

from .. import errors as own
from ..i18n import CHINESE, N_, _, language, ngettext

_WORDS = {
    Trouble.NO_HEADER: N_("no row of headings that dockd knows"),
    Trouble.EMPTY: N_("nothing stands in it"),
    Trouble.MISSING: N_("is missing"),
    Trouble.IS_A_DATE: N_("the spreadsheet made a date of a number: {found}"),
    Trouble.LOST_DIGITS: N_("the spreadsheet rounded a long number, format the column as text: {found}"),
    Trouble.BAD_DATE: N_("no date: {found}"),
    Trouble.FUTURE: N_("has not come yet: {found}"),
    Trouble.BAD_CHOICE: N_("is not known: {found}"),
    Trouble.UNPRINTABLE: N_("holds signs that are no text: {found}"),
    Trouble.TWICE: N_("stands in an earlier line too ({found})"),
    Trouble.CONTRADICTS: N_("an earlier line says otherwise ({found})"),
    Trouble.UNKNOWN_DEPARTMENT: N_("no such department: {found}"),
    Trouble.AMBIGUOUS_DEPARTMENT: N_("more than one department is called so: {found}"),
    Trouble.UNKNOWN_OFFICER: N_("no such officer: {found}"),
    Trouble.UNKNOWN_RECORDER: N_("no such recorder: {found}"),
    Trouble.CIRCLE: N_("would stand above itself: {found}"),
    Trouble.ENDS_BEFORE: N_("ends before it begins"),
    Trouble.OVERLAPS: N_("the recorder is with {found} at that time"),
    Trouble.ON_RECORD: N_("stands in the ledger otherwise; withdraw it there first: line {found}"),
    Trouble.FAULT_OPEN: N_("a fault of recorder {found} is open; dockd recorder fault ends it"),
    Trouble.NOT_HIS: N_("belongs to a department that is not yours: {found}"),
}


def fault_line(fault: Fault) -> str:
    """A fault with its place: `人员, line 14, officer number: …`."""
    place = [fault.sheet]
    if fault.line:
        place.append(_("line {n}").format(n=fault.line))
    if fault.column:
        place.append(heading(Field(fault.column), chinese=language() == CHINESE))
    return f"{', '.join(place)}: {_(_WORDS[fault.trouble]).format(found=fault.found)}"


def fault_lines(faults: Sequence[Fault]) -> tuple[str, ...]:
    """All faults, a line each."""
    return tuple(fault_line(fault) for fault in faults)


def sheet_faults(error: own.SheetFaults) -> tuple[str, str]:
    """The sentence for a spreadsheet with faults, and its hint."""
    count = len(error.faults)
    sentence = ngettext("{path} has {n} fault", "{path} has {n} faults", count).format(path=error.path, n=count)
    return sentence, _("nothing was taken over; mend the lines above and import it again")
