"""The papers of a hand-over: what a batch states, and what its receipt states. Values ⇄ signed text; nothing is opened.

Both are JSON for people and programs, signed in the format that `ssh-keygen -Y verify` reads: a batch for the namespace
`dockd-handover`, a receipt for `dockd-receipt`, so that neither can be shown as the other.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from catalog.handing.model import HandedDifference
from hashing.digest import Algorithm, Digest, digest_of
from hashing.errors import HashingError, MalformedKey
from hashing.manifest import ManifestEntry, render
from hashing.signing import allowed_signers

BATCH_NAMESPACE, RECEIPT_NAMESPACE = "dockd-handover", "dockd-receipt"
BATCH_FORMAT, RECEIPT_FORMAT = "dockd hand-over 1", "dockd receipt 1"
# Below it a batch has the paths of the sender's vault.
VAULT_FOLDER = "vault"


class NoPaper(ValueError):
    """A text is not the paper that it should be; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class HandedFile:
    """One file of a batch: `path` as the manifest names it. Of a recording the rest is known, of a document its id, of
    a session's seal neither. `recorded_at` is UTC text.
    """

    path: str
    size_bytes: int
    digest: str
    clip: str | None = None
    document: str | None = None
    recorder: str | None = None
    officer: str | None = None
    recorded_at: str | None = None

    @property
    def vault_path(self) -> str:
        """Where it lies in the sender's vault."""
        return self.path.removeprefix(f"{VAULT_FOLDER}/")


@dataclass(frozen=True, slots=True)
class BatchPaper:
    """What a batch states. `by` handed it over, `officer` is his number where he has one; `at` is UTC text."""

    batch: str
    station: str
    station_name: str
    public_key: str
    department: str
    to: str
    by: str
    officer: str | None
    at: str
    files: tuple[HandedFile, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size_bytes for file in self.files)

    def manifest(self) -> bytes:
        """`manifest.b3`: what `b3sum --check` reads. Raises UnfitPath."""
        return render(ManifestEntry(file.path, Digest.parse(file.digest)) for file in self.files)

    def text(self) -> bytes:
        """`batch.json`, to be signed."""
        head = {"format": BATCH_FORMAT, "manifest_digest": str(digest_of(self.manifest()))}
        return _json(head | asdict(self))

    @classmethod
    def parse(cls, text: bytes) -> BatchPaper:
        """The batch that a `batch.json` states. Raises NoPaper."""
        said = _said(text, BATCH_FORMAT)
        try:
            files = tuple(_value(HandedFile, file) for file in said.pop("files"))
            claimed = said.pop("manifest_digest")
            paper: BatchPaper = _value(cls, said | {"files": files})
            if any(Digest.parse(file.digest).algorithm is not Algorithm.BLAKE3 for file in files):
                raise NoPaper("not BLAKE3")
            if str(digest_of(paper.manifest())) != claimed:
                raise NoPaper("manifest_digest")
        except (KeyError, TypeError, AttributeError, HashingError) as error:
            raise NoPaper(str(error)) from error
        return paper


@dataclass(frozen=True, slots=True)
class ReceiptPaper:
    """What a receiver states of a batch. `receiver` is his station, `receiver_name` what people call it.

    `sender_key` is the key that the batch was signed by, `sender_known` whether the receiver was told it before.
    `files` is how many were checked, `size_bytes` what was read.
    """

    batch: str
    sender: str
    sender_key: str
    sender_known: bool
    manifest_digest: str
    receiver: str
    receiver_name: str
    receiver_key: str
    by: str
    at: str
    files: int
    size_bytes: int
    differences: tuple[HandedDifference, ...]

    def text(self) -> bytes:
        """The receipt, to be signed."""
        return _json({"format": RECEIPT_FORMAT} | asdict(self))

    @classmethod
    def parse(cls, text: bytes) -> ReceiptPaper:
        """The receipt that a text states. Raises NoPaper."""
        said = _said(text, RECEIPT_FORMAT)
        try:
            differences = tuple(HandedDifference.of(one) for one in said.pop("differences"))
            receipt: ReceiptPaper = _value(cls, said | {"differences": differences})
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise NoPaper(str(error)) from error
        return receipt


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _said(text: bytes, wanted: str) -> dict[str, Any]:
    try:
        said = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise NoPaper("not JSON") from error
    if not isinstance(said, dict) or said.pop("format", None) != wanted:
        raise NoPaper(f"not {wanted}")
    return said


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "bool": (bool,),
}


def _value(kind: type[Any], said: Mapping[str, Any]) -> Any:
    """A value, when its fields are of their types. Raises TypeError, NoPaper."""
    for field in fields(kind):
        if type(said.get(field.name)) not in _TYPES.get(str(field.type), (tuple,)):
            raise NoPaper(field.name)
    return kind(**said)


def difference_maps(differences: Sequence[HandedDifference]) -> list[dict[str, Any]]:
    """As the custody log has them."""
    return [one.as_map() for one in differences]


def key_of(line: str) -> str | None:
    """The key of a `.pub` file's line, without its comment; None when it is none."""
    try:
        allowed_signers("key", line, [RECEIPT_NAMESPACE])
    except MalformedKey:
        return None
    return " ".join(line.split()[:2])


def key_fingerprint(key: str) -> str:
    """`SHA256:…` of a key, as `ssh-keygen -l` prints it and as it stands on paper."""
    hashed = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(hashed).decode().rstrip("=")
