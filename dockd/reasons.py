"""Why a call of the system or of a driver failed, in a few words of the reader's language."""

from __future__ import annotations

import errno
import os

from .database_urls import redacted
from .i18n import N_, _

_REASONS = {
    errno.EACCES: N_("permission denied"),
    errno.EPERM: N_("operation not permitted"),
    errno.ENOENT: N_("no such file or folder"),
    errno.EEXIST: N_("already there"),
    errno.ENOTDIR: N_("not a folder"),
    errno.EISDIR: N_("is a folder"),
    errno.ENOSPC: N_("no space left on the disk"),
    errno.EDQUOT: N_("disk quota is used up"),
    errno.EROFS: N_("the file system is read-only"),
    errno.EIO: N_("the disk answers with an input/output error"),
    errno.ENODEV: N_("the device is gone"),
    errno.ENXIO: N_("the device is gone"),
    errno.ENOTCONN: N_("the device is gone"),
    errno.EMFILE: N_("too many open files"),
    errno.ETIMEDOUT: N_("no answer in time"),
    errno.ECONNREFUSED: N_("connection refused"),
    errno.ELOOP: N_("a symbolic link stands in its place"),
}


def reason_of(error: BaseException | None) -> str:
    """Why a call failed, in a few words; passwords of URLs are hidden."""
    if error is None:
        return _("no answer")
    if isinstance(error, OSError) and error.errno is not None:
        known = _REASONS.get(error.errno)
        return _(known) if known else lower(os.strerror(error.errno))
    # A driver's own error says it shorter than SQLAlchemy's wrapper around it.
    text = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return lower(redacted(text.splitlines()[0]))


def lower(text: str) -> str:
    """The text as the inside of a sentence."""
    # "Input/output error" loses its capital; "I/O" and "SSL" keep theirs.
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
