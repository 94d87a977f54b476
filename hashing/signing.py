"""Ed25519 signatures that `ssh-keygen -Y verify` checks: SSHSIG, as in OpenSSH's PROTOCOL.sshsig, version 1.

A signature is for one namespace (`dockd-session`, `dockd-checkpoint`), so that one for a session can never be shown
as one for a checkpoint. Keys are in OpenSSH's own formats: an inspector needs no tool of ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import BadSignature, MalformedKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_KEY_TYPE = b"ssh-ed25519"
_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4, "big")
_HASH_NAME = b"sha512"
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_ARMOR_COLUMNS = 70  # as ssh-keygen breaks its own
_PUBLIC_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """A station's private key. Its `repr` does not show it."""

    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's random source."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_openssh(cls, data: bytes) -> SigningKey:
        """Read a private key file as `ssh-keygen -t ed25519` writes it; raises MalformedKey."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        try:
            key = load_ssh_private_key(data, password=None)
        except TypeError as error:
            raise MalformedKey("under a passphrase") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise MalformedKey("no OpenSSH private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise MalformedKey("not Ed25519")
        return cls(key)

    def to_openssh(self) -> bytes:
        """The private key file, without a passphrase: whoever stores it sees to its mode (0600)."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())

    def public_line(self, comment: str = "") -> str:
        """The line of a `.pub` file, without its newline: `ssh-ed25519 AAAA… comment`."""
        encoded = base64.b64encode(self._public_blob()).decode()
        return " ".join(filter(None, (_KEY_TYPE.decode(), encoded, _one_line(comment))))

    def fingerprint(self) -> str:
        """`SHA256:…` as `ssh-keygen -l` prints it, for the paper that outlives the station."""
        hashed = hashlib.sha256(self._public_blob()).digest()
        return "SHA256:" + base64.b64encode(hashed).decode().rstrip("=")

    def sign(self, data: bytes, namespace: str) -> bytes:
        """An armored signature over `data`, the content of a `.sig` file. The same data gives the same signature."""
        if not namespace:
            raise ValueError("a signature needs a namespace")
        scope = namespace.encode()
        raw = self._key.sign(_signed_bytes(scope, _HASH_NAME, data))
        signature = _string(_KEY_TYPE) + _string(raw)
        fields = (self._public_blob(), scope, b"", _HASH_NAME, signature)
        return _armor(_MAGIC + _VERSION + b"".join(map(_string, fields)))

    def _public_blob(self) -> bytes:
        return _string(_KEY_TYPE) + _string(self._key.public_key().public_bytes_raw())


def verify(public_line: str, data: bytes, signature: bytes, namespace: str) -> None:
    """Return when `signature` is by the key of `public_line`, over `data`, for `namespace`.

    Raises BadSignature with the reason for anything else, MalformedKey when the line itself is no Ed25519 key. There
    is one text for one signature: armor or fields written differently are refused, so that a changed `.sig` file is
    always a finding.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public_blob, public_key = _parse_public_line(public_line)
    blob = _dearmor(signature)
    if not blob.startswith(_MAGIC + _VERSION):
        raise BadSignature("not SSHSIG version 1")
    fields = _strings(blob[len(_MAGIC + _VERSION) :], 5)
    if fields is None:
        raise BadSignature("malformed")
    signer, scope, reserved, hash_name, signed = fields
    if signer != public_blob:
        raise BadSignature("by another key")
    if scope != namespace.encode() or not scope:
        raise BadSignature("for another namespace")
    inner = _strings(signed, 2)
    if reserved or hash_name not in (b"sha512", b"sha256") or inner is None:
        raise BadSignature("malformed")
    if inner[0] != _KEY_TYPE or len(inner[1]) != _SIGNATURE_BYTES:
        raise BadSignature("not Ed25519")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(inner[1], _signed_bytes(scope, hash_name, data))
    except InvalidSignature as error:
        raise BadSignature("over other bytes") from error


def allowed_signers(identity: str, public_line: str, namespaces: Iterable[str]) -> str:
    """The line, with its newline, of the file that `ssh-keygen -Y verify -f` wants.

    `identity` is what `-I` must say; the key counts for `namespaces` only. Raises MalformedKey for a line that is no
    key, ValueError for an identity or namespace that ssh-keygen would read as a pattern, a list or more than one word.
    """
    blob, _ = _parse_public_line(public_line)
    scopes = list(namespaces)
    for name in (identity, *scopes):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+-]*", name):
            raise ValueError(f"not a plain name: {name!r}")
    if not scopes:
        raise ValueError("a key for no namespace")
    encoded = base64.b64encode(blob).decode()
    return f'{identity} namespaces="{",".join(scopes)}" {_KEY_TYPE.decode()} {encoded}\n'


def _signed_bytes(scope: bytes, hash_name: bytes, data: bytes) -> bytes:
    """What the key really signs: PROTOCOL.sshsig, section 'Signed Data, of which the signature goes into the blob'."""
    hashed = hashlib.new(hash_name.decode(), data).digest()
    return _MAGIC + b"".join(map(_string, (scope, b"", hash_name, hashed)))


def _string(value: bytes) -> bytes:
    """An SSH string: its length in four bytes, then its bytes (RFC 4251 §5)."""
    return len(value).to_bytes(4, "big") + value


def _strings(data: bytes, count: int) -> list[bytes] | None:
    """The SSH strings of `data`, None unless it is exactly `count` of them."""
    found = []
    for _ in range(count):
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end:
            return None
        found.append(data[4:end])
        data = data[end:]
    return None if data else found


def _armor(blob: bytes) -> bytes:
    encoded = base64.b64encode(blob).decode()
    lines = [encoded[at : at + _ARMOR_COLUMNS] for at in range(0, len(encoded), _ARMOR_COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def _dearmor(armored: bytes) -> bytes:
    try:
        lines = armored.decode("ascii").removesuffix("\n").split("\n")
        if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
            raise BadSignature("not armored")
        return _strict_base64("".join(lines[1:-1]))
    except ValueError as error:
        raise BadSignature("not armored") from error


def _strict_base64(text: str) -> bytes:
    """Decode; ValueError for any text but the one that encoding gives (a last digit has bits that mean nothing)."""
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value).decode() != text:
        raise binascii.Error("not the encoding's own text")
    return value


def _parse_public_line(public_line: str) -> tuple[bytes, bytes]:
    """The key's blob and its 32 bytes."""
    words = public_line.split(maxsplit=2)
    if len(words) < 2 or words[0] != _KEY_TYPE.decode():
        raise MalformedKey("not an ssh-ed25519 line")
    try:
        blob = _strict_base64(words[1])
    except ValueError as error:
        raise MalformedKey("not base64") from error
    fields = _strings(blob, 2)
    if fields is None or fields[0] != _KEY_TYPE or len(fields[1]) != _PUBLIC_KEY_BYTES:
        raise MalformedKey("not Ed25519")
    return blob, fields[1]


def _one_line(comment: str) -> str:
    if not comment.isprintable():
        raise ValueError(f"a key's comment is one line of text: {comment!r}")
    return comment
