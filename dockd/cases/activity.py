"""What a recording shows and of what kind a case is, and by when a case's file is due: as the station's rule pack has
it, with what the agency adds in its settings.
"""

from __future__ import annotations

import click

from ..assembly import Opened
from ..i18n import _
from ..keeping.deciding import set_pack
from ..keeping.pack_words import words_text

# The class of what nobody classified: no case is of this kind.
UNCLASSIFIED = "unclassified"


def classes(opened: Opened) -> dict[str, str]:
    """The classes this station knows with their names: those of its pack, then its own (`cases.classes`).

    Raises PackUnusable.
    """
    found = {one.id: words_text(one.title) for one in set_pack(opened).classes}
    return found | {own: own for own in opened.config.cases.classes if own not in found}


def class_text(known: dict[str, str], class_id: str) -> str:
    """A class in words; one that `known` does not have is called as it was."""
    return _("unclassified") if class_id == UNCLASSIFIED else known.get(class_id, class_id)


def known_class(opened: Opened, name: str, *, or_none: bool = False) -> str:
    """The class of that name; with `or_none` also `unclassified`. Raises UsageError, which names all there are."""
    known = [*classes(opened), *([UNCLASSIFIED] if or_none else [])]
    if name not in known:
        raise click.UsageError(_("no such class: {name}; there are: {known}").format(name=name, known=", ".join(known)))
    return name


def filing_days(opened: Opened) -> int | None:
    """Days from the end of an act within which the case's file is made (D17): the pack's, or the agency's own where
    that is shorter or the pack sets none; None: no term. Raises PackUnusable.
    """
    filing = set_pack(opened).filing
    terms = [filing.within_days] if filing is not None else []
    terms += [opened.config.cases.filing_days] if opened.config.cases.filing_days else []
    return min(terms, default=None)
