"""Why root did not do what it was asked for, in words; the codes are those of its refusals. Pure."""

from __future__ import annotations

import os

from .i18n import N_, _
from .reasons import lower, reason_of
from .root.reason import KERNEL, Reason

_CHANGED = N_("{detail} is not as root needs it: somebody changed its owner, its rights or its kind")
WORDS = {
    "no-device-name": N_("{detail} is no name of a disk"),
    "no-device": N_("the device is gone"),
    "not-on-usb": N_("{detail} is no disk on USB"),
    "no-block-device": N_("{detail} is no disk"),
    "cannot-probe": N_("it does not answer: {detail}"),
    "file-system": N_("its file system is {detail}; read are vfat, exfat and ext4"),
    "mounted-already": N_("something is mounted at {detail} already"),
    "mounted-elsewhere": N_("another program mounted it at {detail}"),
    "no-user": N_("the user {detail} is missing on this station"),
    "clock-name-taken": N_("{detail} on the recorder is no order to its clock"),
    "no-scsi-device": N_("it has {detail} SCSI devices, and one is spoken to"),
    "another-node": N_("{detail} is another device by now"),
    "no-order": N_("what it was to be told cannot be read: {detail}"),
    "not-that-recorder": N_("it is no recorder that speaks {detail}"),
    "strange-answer": N_("it gave an answer that nobody knows: {detail}"),
    "too-large": N_("more than is ever read: {detail}"),
    **dict.fromkeys(("folder-not-ours", "a-link", "no-plain-file", "foreign-owner", "others-may-write"), _CHANGED),
}


def reason_text(reason: Reason) -> str:
    """Root's reason in a few words; a code that nobody translated stands for itself."""
    if reason.code == KERNEL:
        return _kernel_text(reason)
    words = WORDS.get(reason.code)
    return _(words).format(detail=reason.detail) if words else f"{reason.code}: {reason.detail}".rstrip(": ")


def _kernel_text(reason: Reason) -> str:
    said = lower(reason.detail)
    if reason.number is None:
        return said
    known = reason_of(OSError(reason.number, reason.detail))
    # A file system's own words say more than the number that came with them.
    return known if said in ("", known, lower(os.strerror(reason.number))) else f"{known}: {said}"
