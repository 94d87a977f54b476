"""Makes a bag: in the vault, where it is kept, and on the medium that leaves.

The order is what makes it safe. The kept copy comes first, then the medium gets everything but `bagit.txt`; only then
is the copy put on record (`dockd.copying_out.giving`), and only then does `finish` make the medium's a bag. What is
given is read from the vault, compared with what the log says of it, and read back from the medium.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib.resources import files as resources

from catalog.model import CheckpointRow, Clip, SessionRow, utc_text
from hashing.canonical import canonical
from hashing.digest import Algorithm, Digest, digest_of
from hashing.signing import allowed_signers

from ..copying import Unlike, Wanted, copied
from ..ledger import ALLOWED_SIGNERS, CHECKPOINT_NAMESPACE, SESSION_NAMESPACE, Checkpoint, export
from ..sealing import manifest_name
from ..station import Station
from ..vault import SESSION_FILE
from . import bag
from .deriving import Derived, derive
from .extract import Subjects, extract
from .kept import Kept
from .order import BagMade, CopyOrder, NotAsRecorded, NotSealed, Piece
from .outlet import Outlet
from .watermarking import Marker, mark_lines

COPY_NAMESPACE = "dockd-copy"
COPY_FORMAT = "dockd copy 1"
DERIVED_FORMAT = "dockd derived 1"
# What nothing can be burnt into.
PICTURES = frozenset({"video", "photo"})


def make_bag(
    station: Station,
    order: CopyOrder,
    outlet: Outlet,
    kept: Kept,
    marker: Marker | None,
    on_bytes: Callable[[int], None] = lambda count: None,
) -> BagMade:
    """The bag, kept and on the medium, but for what makes the medium's complete. `marker` burns marks in, where asked.

    `on_bytes` hears of every byte that was copied onto the medium. Raises NotSealed, NotAsRecorded, CannotMark,
    MediumFull, MediumFault, TargetFault, CatalogFault.
    """
    sessions = [_sealed(station, name) for name in sorted({clip.session for clip in order.clips})]
    export(station)
    checkpoint = station.catalog.last_checkpoint()
    assert checkpoint is not None, "a request is on record"
    pieces, derived = _payload(station, order, kept, marker)
    outlet.refuse_without_space(sum(piece.size_bytes for piece in pieces))
    outlet.begin()
    algorithms = [one for one in Algorithm if one in (*station.algorithms, Algorithm.BLAKE3, Algorithm.SHA256)]
    digests = outlet.copy(pieces, lambda piece: kept.at(piece.path), algorithms, station.copying, on_bytes)
    tags = _tags(station, order, pieces, digests, _proof(station, order, sessions, checkpoint, derived))
    for path, text in {**tags, bag.BAGIT: bag.BAGIT_TEXT}.items():
        kept.write(path, text)
    for path, text in tags.items():
        outlet.write(path, text)
    return BagMade(
        target=outlet.root,
        kept=kept.folder,
        digest=str(digest_of(tags[bag.TAG_MANIFEST], Algorithm.SHA256)),
        files=len(pieces),
        size_bytes=sum(piece.size_bytes for piece in pieces),
    )


def _tags(
    station: Station,
    order: CopyOrder,
    pieces: list[Piece],
    digests: dict[str, dict[Algorithm, Digest]],
    proof: dict[str, bytes],
) -> dict[str, bytes]:
    """All files of a bag beside its payload, but `bagit.txt`."""
    tags = bag.manifests(digests) | proof
    tags[bag.BAG_INFO] = bag.bag_info(
        order,
        pieces,
        organisation=station.department,
        station=station.id,
        day=station.local_day(station.clock()),
    )
    tags |= _statement(station, order, pieces, digests, proof)
    tags[bag.TAG_MANIFEST] = bag.tag_manifest(tags)
    return tags


# -------------------------------------------------------------------------------------------------------------- payload


def _payload(
    station: Station, order: CopyOrder, kept: Kept, marker: Marker | None
) -> tuple[list[Piece], list[Derived]]:
    """What is given, laid into the kept copy."""
    if marker is None:
        return [_original(station, clip, kept) for clip in order.clips], []
    lines = mark_lines(order.number, order.recipient, station.local_day(station.clock()))
    pieces, derived = [], []
    for clip in order.clips:
        if clip.kind in PICTURES:
            made = derive(station, clip, kept, marker, lines)
            derived.append(made)
            pieces.append(made.piece)
        else:
            pieces += [_original(station, clip, kept), _note(clip, kept, lines)]
    return pieces, derived


def _original(station: Station, clip: Clip, kept: Kept) -> Piece:
    """The original under another name, or a copy of it where there can be no other name."""
    path = bag.data_path(clip.id, bag.portable(os.path.basename(clip.vault_path)))
    piece = Piece(path, "original", clip, clip.size_bytes, clip.digests[Algorithm.BLAKE3.value])
    if not kept.link(clip.vault_path, path):
        _copy_within(station, clip, kept.at(path))
    return piece


def _copy_within(station: Station, clip: Clip, target: str) -> None:
    station.refuse_without_space(clip.size_bytes)
    digest = clip.digests[Algorithm.BLAKE3.value]
    wanted = Wanted(station.vault.at(clip.vault_path), target, clip.size_bytes, {Algorithm.BLAKE3.value: digest})
    with copied(station.files, [wanted], station.copying) as results:
        for one in results:
            if isinstance(one, Unlike):
                raise NotAsRecorded(wanted.source, digest, one.found)


def _note(clip: Clip, kept: Kept, lines: Iterable[str]) -> Piece:
    text = bag.note_text(lines)
    path = bag.data_path(clip.id, bag.NOTE_NAME)
    kept.write(path, text)
    return Piece(path, "note", clip, len(text), str(digest_of(text)))


# ---------------------------------------------------------------------------------------------------------------- proof


def _sealed(station: Station, name: str) -> SessionRow:
    session = station.catalog.find_session(name)
    if session.state == "open":
        raise NotSealed(session.id)
    return session


def _proof(
    station: Station,
    order: CopyOrder,
    sessions: Iterable[SessionRow],
    checkpoint: CheckpointRow,
    derived: Iterable[Derived],
) -> dict[str, bytes]:
    """The tag files under `proof/` but the statement."""
    clips = frozenset(clip.id for clip in order.clips)
    about = Subjects(order.request, clips, frozenset(clip.session for clip in order.clips))
    found = extract(station.catalog, about, checkpoint)
    stated = Checkpoint(checkpoint.station, checkpoint.size, checkpoint.head, checkpoint.root, checkpoint.at)
    signers = allowed_signers(
        station.id, station.key.public_line(), [SESSION_NAMESPACE, CHECKPOINT_NAMESPACE, COPY_NAMESPACE]
    )
    tags = {
        "custody.jsonl": found.lines(),
        "inclusion.json": found.inclusion(),
        "checkpoint.txt": stated.text(),
        "checkpoint.txt.sig": checkpoint.signature.encode(),
        ALLOWED_SIGNERS: signers.encode(),
    }
    for session in sessions:
        tags |= {f"sessions/{session.id}/{name}": text for name, text in _seal(station, session).items()}
    made = [one.as_json() for one in derived]
    if made:
        tags["derived.json"] = canonical({"format": DERIVED_FORMAT, "derived": made})
    folder = resources("dockd.stranger")
    tags |= {name: folder.joinpath(name).read_bytes() for name in ("check.py", "READ-ME.txt")}
    return {f"{bag.PROOF_FOLDER}/{name}": text for name, text in tags.items()}


def _seal(station: Station, session: SessionRow) -> dict[str, bytes]:
    """The seal of a docking as it lies in the vault, which must be the one that is on record."""
    path = f"{session.vault_dir}/{SESSION_FILE}"
    lying: dict[str, bytes] = {}
    for name in (SESSION_FILE, f"{SESSION_FILE}.sig", manifest_name(Algorithm.BLAKE3)):
        try:
            lying[name] = station.vault.read(f"{session.vault_dir}/{name}")
        except FileNotFoundError as error:
            raise NotAsRecorded(f"{session.vault_dir}/{name}", "", "") from error
    found = str(digest_of(lying[SESSION_FILE]))
    if found != session.session_digest:
        raise NotAsRecorded(path, session.session_digest or "", found)
    return lying


def _statement(
    station: Station,
    order: CopyOrder,
    pieces: Iterable[Piece],
    digests: dict[str, dict[Algorithm, Digest]],
    proof: dict[str, bytes],
) -> dict[str, bytes]:
    """What the station signs: these files, for this recipient, on this request, with this proof."""
    prefix = f"{bag.PROOF_FOLDER}/"
    said = canonical(
        {
            "format": COPY_FORMAT,
            "station": station.id,
            "made_at": utc_text(station.clock()),
            "form": order.form,
            "request": {
                "request": order.request,
                "number": order.number,
                "kind": order.kind,
                "recipient": order.recipient,
                "purpose": order.purpose,
                "asked_by": order.asked_by,
                "approved_by": order.approved_by,
                "approved_at": utc_text(order.approved_at),
            },
            "files": [_file(piece, digests[piece.path]) for piece in pieces],
            "proof": {
                path.removeprefix(prefix): str(digest_of(text, Algorithm.SHA256)) for path, text in proof.items()
            },
        }
    )
    return {bag.COPY_FILE: said, f"{bag.COPY_FILE}.sig": station.key.sign(said, COPY_NAMESPACE)}


def _file(piece: Piece, digests: dict[Algorithm, Digest]) -> dict[str, object]:
    clip = piece.clip
    return {
        "path": piece.path,
        "what": piece.what,
        "size_bytes": piece.size_bytes,
        **{algorithm.value: str(digest) for algorithm, digest in digests.items()},
        "clip": clip.id,
        "session": clip.session,
        "recorder": clip.recorder,
        "name": clip.path,
        "recorded_at": None if clip.recorded_at is None else utc_text(clip.recorded_at),
    }
