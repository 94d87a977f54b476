"""What is written down of hand-overs between custodians: batches, receipts, and whose receipts count.

CL article 9 (monthly, to the office), YX article 11 (at intervals, to the equipment section), WX article 14 (at once,
to the section's own keeper), QH article 34 (to the supervision office), QX article 14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..event import Event


@dataclass(frozen=True, slots=True)
class HandoverMade(Event):
    """A department hands recordings and papers over that were in no batch before.

    `to` is for whom, as people call them. `clips` and `documents` are ids; `size_bytes` is of these and of the seals of
    their sessions. `manifest_digest` is of the `manifest.b3` that lists them all: whoever receives the batch
    names it in his receipt.
    """

    KIND = "handover-made"
    batch: str
    department: str
    to: str
    by: str
    clips: list[str]
    documents: list[str]
    size_bytes: int
    manifest_digest: str


@dataclass(frozen=True, slots=True)
class HandoverReceived(Event):
    """The receiving side said what it has of a batch.

    `how` is `here` (another person of this station, who had every original read again), `signed` (a receipt signed by
    the key of a receiver that this station was told to trust) or `paper` (a scanned one, without a signature that could
    be checked). `receiver` is the person, the trusted receiver, or who signed the paper; `by` who wrote it down here.
    `files` is how many were checked. A difference is a map of `path`, `what` (`missing`, `unreadable`,
    `different-size`, `different-digest`, `destroyed`, `more`, `told`), `expected` and `found`. `documents` are the
    receipt's own files in the vault.
    """

    KIND = "handover-received"
    batch: str
    how: str
    receiver: str
    key: str | None
    by: str
    manifest_digest: str
    files: int
    differences: list[dict[str, Any]]
    documents: list[str]


@dataclass(frozen=True, slots=True)
class HandoverChecked(Event):
    """This station checked a batch of another one, and signed a receipt for it.

    `sender` is the other station, `sender_key` the fingerprint of the key that signed the batch, `sender_known` whether
    this station was told that key before. `receipt` is the digest of the receipt's text. It is told by the log alone.
    """

    KIND = "handover-checked"
    batch: str
    sender: str
    sender_key: str
    sender_known: bool
    department: str
    by: str
    manifest_digest: str
    files: int
    size_bytes: int
    differences: list[dict[str, Any]]
    receipt: str


@dataclass(frozen=True, slots=True)
class ReceiverTrusted(Event):
    """From here on signatures by this key count as this receiver's; `key` None: its key counts no more."""

    KIND = "receiver-trusted"
    receiver: str
    key: str | None
    by: str
