"""What is said of one recording's disposal, where it is shown."""

from __future__ import annotations

from catalog.disposing.queries import set_aside_in, tombstone_of
from catalog.model import Clip

from ..assembly import Opened
from ..i18n import _
from .words import STATES, stone_text, waits_for


def disposal_line(opened: Opened, clip: Clip) -> str | None:
    """That it was destroyed, why and by which batch; or the batch that it lies in; None when neither."""
    catalog = opened.station.catalog
    stone = None if clip.destroyed_at is None else tombstone_of(catalog, clip.id)
    if stone is not None:
        return stone_text(stone)
    batch = set_aside_in(catalog, clip.id)
    if batch is None:
        return None
    return _("disposal, batch {batch}: {state}; {next}").format(
        batch=batch.id, state=_(STATES[batch.state]), next=waits_for(batch, opened.station.zone)
    )
