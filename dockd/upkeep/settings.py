"""The settings of upkeep: within which time all is read again, and where second copies lie. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..i18n import N_
from ..setting import setting


@dataclass(frozen=True, slots=True)
class FixitySettings:
    """How the vault is read again."""

    within_days: int = setting(
        30,
        N_("Days within which every byte of the vault is read again from the medium, a part of it each night."),
        3,
        365,
    )
    restore: bool = setting(
        False,
        N_("Whether the nightly reading puts damaged files right from a copy that holds; what was there is kept."),
    )


@dataclass(frozen=True, slots=True)
class MirrorSettings:
    """Second copies."""

    folder: str = setting(
        "",
        N_(
            "Folder for second copies, on another disk, prepared once with dockd mirror init; a relative path lies in "
            "the station's data folder. Empty: none."
        ),
    )
