"""What is stored of passwords: one file beside the signing key, outside the custody log and the catalogue.

The log is exported into the vault as plain text and kept for ever; hashes there could be tried for ever. The log has
only the digest of each stored line, so that a line somebody put here by hand is refused (`PasswordSet`).
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from hashing.digest import digest_of
from hashing.filecalls import OsFileCalls
from hashing.writing import replace_durably

from ..errors import HomeFault

# RFC 9106 §4, the second recommended choice: Argon2id, 3 passes over 64 MiB, 4 lanes, 128-bit salt, 256-bit tag.
_PASSES = 3
_MEMORY_KIB = 64 * 1024
_LANES = 4
_SALT_BYTES = 16
_TAG_BYTES = 32
# NIST SP 800-63B §5.1.1.2: at least 8 characters.
SHORTEST = 8
# 60 bits from letters and digits that nobody takes for one another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GENERATED = 16
_FORMAT = "dockd passwords 1"


class Passwords:
    """The passwords' file in a station's `keys` folder."""

    def __init__(self, keys_dir: str) -> None:
        self._path = os.path.join(keys_dir, "passwords")

    def of(self, name: str) -> str | None:
        """What is stored for an account. Raises HomeFault."""
        return self._read().get(name)

    def keep(self, name: str, stored: str) -> None:
        """Store it, durably, in place of what was there. Raises HomeFault."""
        with self._alone():
            lines = {**self._read(), name: stored}
            text = json.dumps({"format": _FORMAT, "passwords": lines}, ensure_ascii=False, indent=1, sort_keys=True)
            try:
                replace_durably(OsFileCalls(), self._path, text.encode(), 0o600)
            except OSError as error:
                raise HomeFault(self._path, "write", error) from error

    def _read(self) -> dict[str, str]:
        try:
            with open(self._path, encoding="utf-8") as file:
                said = json.load(file)
            return {str(name): str(stored) for name, stored in said["passwords"].items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise HomeFault(self._path, "read", error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HomeFault(self._path, "read", OSError(0, str(error))) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time: the web desk and the command line both set passwords."""
        try:
            fd = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise HomeFault(self._path, "lock", error) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


def hashed(password: str) -> str:
    """What is to be stored of a password: Argon2id in PHC form. Takes about 0.1 s and 64 MiB."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = secrets.token_bytes(_SALT_BYTES)
    made = Argon2id(salt=salt, length=_TAG_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return made.derive_phc_encoded(password.encode())


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password. Nothing stored takes as long to be refused, so that names cannot be found out."""
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    if stored is None:
        hashed(password)
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(), stored)
    except InvalidKey:
        return False
    return True


def fingerprint(stored: str) -> str:
    """What the custody log has of it: BLAKE3 of all that is stored, its salt included."""
    return str(digest_of(stored.encode()))


def generated() -> str:
    """A new password, in groups of four for reading aloud."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(_GENERATED))
    return "-".join(signs[at : at + 4] for at in range(0, _GENERATED, 4))
