"""What an error is told as: a sentence, a hint, an exit code; and what failing disks have in common."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from .exits import Exit
from .i18n import N_, _
from .reasons import reason_of


@dataclass(frozen=True, slots=True)
class Explained:
    """What to tell: `details` are further lines, one finding each; an empty hint is not shown."""

    sentence: str
    hint: str
    exit_code: Exit
    details: tuple[str, ...] = ()


DISK_HINTS = {
    errno.ENOSPC: N_("make room in the vault, then dock again; nothing was cleared, and dockd never deletes for space"),
    errno.EDQUOT: N_("make room in the vault, then dock again; nothing was cleared, and dockd never deletes for space"),
    errno.EROFS: N_(
        "the disk may have turned read-only after an error: look at the kernel's log, then run dockd doctor"
    ),
    errno.EIO: N_(
        "the disk of the vault may be failing: look at the kernel's log before anything else is written to it"
    ),
    errno.EACCES: N_("the vault must belong to the user that dockd runs as; dockd doctor shows who that is"),
}


def _disk_hint(cause: OSError) -> str:
    known = DISK_HINTS.get(cause.errno or 0)
    return _(known) if known else _("ingest stopped and nothing was cleared; run dockd doctor, then dock again")


def vault_fault(path: str, act: str, cause: OSError) -> Explained:
    """A call on the vault that failed."""
    return Explained(
        _("vault: {act} of {path}: {reason}").format(act=act, path=path, reason=reason_of(cause)),
        _disk_hint(cause),
        Exit.VAULT,
    )
