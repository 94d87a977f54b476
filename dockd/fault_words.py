"""Faults of recorders in words: what happened, and how far people are with it."""

from __future__ import annotations

from .i18n import N_

WHAT = {
    "fault": N_("fault"),
    "damage": N_("damage"),
    "lost": N_("loss"),
}
STATES = {
    "reported": N_("reported, not inspected"),
    "inspected": N_("inspected, to be sent to the maker"),
    "sound": N_("inspected, works"),
    "sent": N_("with the maker"),
    "lost": N_("lost"),
    "back": N_("back in service"),
    "scrapped": N_("scrapped"),
}
