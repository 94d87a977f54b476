"""Does the seal vouch for what is to be removed? The signature first; then every line of the wipe list against it."""

from __future__ import annotations

from collections import Counter

from hashing.errors import HashingError
from hashing.filecalls import FileCalls
from hashing.signing import verify
from retention.clearing import Doubt, doubts_of_session

from .folders import read_bounded, read_root_file
from .refusals import Refused
from .wipelist import SEAL_LIMIT_BYTES, SealFacts, WipeList, read_seal_facts

SESSION_NAMESPACE = "dockd-session"
SEAL_NAME = "session.json"
_KEY_LIMIT_BYTES = _SIGNATURE_LIMIT_BYTES = 4096


class Stayed(Exception):
    """Everything stays on the recorder, for this doubt."""

    def __init__(self, doubt: Doubt, detail: str = "") -> None:
        super().__init__(doubt, detail)
        self.doubt = doubt
        self.detail = detail


def proven_seal(files: FileCalls, path: str, public_key_file: str) -> SealFacts:
    """What the session.json at `path` says, signed by the station's key; raises Stayed.

    The path is the daemon's, so anything may lie there: only what the signature covers is used. The key is root's.
    """
    if not path.startswith("/") or path.rpartition("/")[2] != SEAL_NAME:
        raise Stayed(Doubt.SEAL_UNPROVEN, f"no path of a {SEAL_NAME}: {path!r}")
    try:
        key = read_root_file(files, public_key_file, _KEY_LIMIT_BYTES).decode()
        seal = read_bounded(files, path, SEAL_LIMIT_BYTES)
        verify(key, seal, read_bounded(files, f"{path}.sig", _SIGNATURE_LIMIT_BYTES), SESSION_NAMESPACE)
        return read_seal_facts(seal)
    except (Refused, OSError, ValueError, HashingError) as error:
        raise Stayed(Doubt.SEAL_UNPROVEN, f"{type(error).__name__}: {error}") from error


def weigh_list(wipe: WipeList, seal: SealFacts) -> None:
    """Return when the seal bears out the whole list; raises Stayed with the first doubt.

    The session must be whole and without a failed entry, the listing must be the one that was sealed, no name may
    stand in it twice, and each removal must be a clip that the vault holds under just this digest.
    """
    if wipe.session != seal.session:
        raise Stayed(Doubt.SEAL_UNPROVEN, f"the seal is of session {seal.session}")
    doubts = doubts_of_session(seal.state, seal.on_recorder, [entry.outcome for entry in seal.entries.values()])
    if doubts:
        raise Stayed(doubts[0])
    if len({entry.path for entry in wipe.listing}) != len(wipe.listing):
        raise Stayed(Doubt.DUPLICATE_NAME)
    listed = Counter((entry.path, entry.size_bytes) for entry in wipe.listing)
    if listed != Counter((entry.path, entry.size_bytes) for entry in seal.entries.values()):
        raise Stayed(Doubt.LIST_REFUSED, "the listing is not the one that was sealed")
    for removal in wipe.remove:
        entry = seal.entries.get(removal.seq)
        if (
            entry is None
            or (entry.path, entry.size_bytes, entry.digest) != (removal.path, removal.size_bytes, str(removal.digest))
            or entry.outcome not in ("ingested", "already-held")
        ):
            raise Stayed(Doubt.NOT_VOUCHED, f"entry {removal.seq} is not in the seal with this path, size and digest")
