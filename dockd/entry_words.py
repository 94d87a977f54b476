"""Why an entry did not simply become a clip, in words; the codes are what `--json`, the seal and scripts see. Pure.

A code is a word of our own, followed by what it is about: `rogue-executable named exe`, `unreadable at byte 4096`.
"""

from __future__ import annotations

from .i18n import N_, _

WORDS = {
    # Nothing to copy, or nothing that is a file.
    "folder": N_("a folder"),
    "symlink": N_("a symbolic link: described, not followed"),
    "fifo": N_("a pipe, not a file"),
    "socket": N_("a socket, not a file"),
    "char-device": N_("a device, not a file"),
    "block-device": N_("a device, not a file"),
    "not-regular": N_("not a file"),
    "larger-than-volume": N_("claims to be larger than its volume"),
    "sparse": N_("mostly holes: described, not copied"),
    # The listing failed here.
    "unlistable": N_("cannot be listed"),
    "other-device": N_("another file system is mounted here"),
    "loop": N_("a folder that contains itself"),
    "duplicate-name": N_("the folder lists this name more than once"),
    "bad-name": N_("a name that no program could use"),
    "listing-failed": N_("the folder cannot be read"),
    "status-failed": N_("nothing can be learned of it"),
    "too-much": N_("more names than a volume can honestly hold"),
    # Kept, not understood.
    "unknown-kind": N_("unknown kind of file"),
    "side-file": N_("a side file that is not understood: {about}"),
    "foreign-trace": N_("trace of a foreign computer: {about}"),
    "rogue-executable": N_("a program where recordings should be: {about}"),
    "quarantined-before": N_("already in quarantine"),
    # Held already.
    "same-entry": N_("the same as at an earlier docking"),
    "same-bytes": N_("the same bytes {about}"),
    # The recorder did not give it.
    "unreadable": N_("cannot be read {about}"),
    "absent": N_("no longer there"),
    "gone": N_("the recorder is gone {about}"),
    "shrank": N_("became shorter while it was read {about}"),
    "grew": N_("grew while it was read {about}"),
    "stalled": N_("the recorder no longer answered {about}"),
    "stopped": N_("stopped {about}"),
}


def entry_text(reason: str) -> str:
    """What became of an entry and why; what has no words stands as it is."""
    code, _space, about = reason.partition(" ")
    words = WORDS.get(code)
    return reason if words is None else _(words).format(about=_about(about)).strip().rstrip(":")


# How a code goes on, and that in words.
_ABOUT = {
    "at byte ": N_("at byte {value}"),
    "as ": N_("as {value}"),
    "named ": N_("its name ends in {value}"),
    "is ": N_("its first bytes are those of {value}"),
}


def _about(text: str) -> str:
    for start, words in _ABOUT.items():
        if text.startswith(start):
            return _(words).format(value=text.removeprefix(start))
    return text
