"""Hand-over between custodians: batches, who receives them, receipts, and what is overdue.

make ──► batch, signed, kept in the vault ──► [medium] ──► received here by another person
                                                      └──► checked elsewhere ──► receipt ──► taken in here
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.disposing.queries import tombstones_of_session
from catalog.handing.events import HandoverMade, HandoverReceived
from catalog.handing.model import DESTROYED, HERE, MORE, RECEIVED, HandedDifference, HandoverRow
from catalog.handing.queries import (
    clips_handed,
    clips_waiting,
    documents_waiting,
    find_handover,
    sessions_of,
    waiting,
)
from catalog.model import Clip, SessionRow, utc_text
from catalog.people.access import Act
from catalog.people.queries import tree_of
from hashing.digest import Algorithm, digest_of
from retention.fixity import Damage, examine

from ..assembly import Opened
from ..errors import NotFitting
from ..keeping.deciding import set_pack
from ..ledger import export
from ..people.acting import acting, person_named, require
from ..people.peopling import known_department, record
from ..reasons import reason_of
from ..sealing import SEAL_NAMES
from ..sweep.destroying import record_path
from ..vault import SESSION_FILE
from .errors import HandoverRefused, MediumFault
from .kept import kept, stated, sweep
from .medium import begin, finish, nothing_left, write
from .papers import BATCH_NAMESPACE, VAULT_FOLDER, BatchPaper, HandedFile, difference_maps

# One batch is one entry of the custody log, and one medium: a year's arrears make several.
BATCH_CLIPS = 20_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a department would hand over. `more`: recordings beyond the largest batch wait for the next one."""

    department: str
    clips: tuple[Clip, ...]
    documents: tuple[str, ...]
    sessions: int
    files: tuple[HandedFile, ...]
    more: bool

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size_bytes for file in self.files)


# ------------------------------------------------------------------------------------------------------------ making


def gather(opened: Opened, department: str, since: datetime | None, until: datetime | None) -> Gathered:
    """What a department, with those below it, has in no batch: recordings, papers, and the seals of their sessions.

    Raises NotAllowed, NotFitting, HandoverRefused when nothing waits or a seal is not what was sealed.
    """
    catalog = opened.station.catalog
    name = _department(opened, department)
    require(opened, Act.HAND_OVER, name)
    among = tree_of(catalog).subtree(name)
    found = clips_waiting(catalog, among, BATCH_CLIPS + 1, since, until)
    clips = tuple(found[:BATCH_CLIPS])
    papers = documents_waiting(catalog, among, since, until)
    if not clips and not papers:
        raise HandoverRefused(name, "nothing-waits")
    sealed = sessions_of(catalog, {clip.session for clip in clips})
    files = [_of_clip(clip) for clip in clips]
    files += [
        HandedFile(f"{VAULT_FOLDER}/{one.vault_path}", one.size_bytes, one.digest, document=one.id) for one in papers
    ]
    files += _seals(opened, name, sealed)
    more = len(found) > BATCH_CLIPS
    return Gathered(name, clips, tuple(one.id for one in papers), len(sealed), tuple(files), more)


def _department(opened: Opened, name: str) -> str:
    """The id behind an id or a name; recordings name departments that nobody registered. Raises NotFitting."""
    try:
        return known_department(opened, name)
    except NotFitting:
        if any(one.department == name for one in waiting(opened.station.catalog)):
            return name
        raise


def _of_clip(clip: Clip) -> HandedFile:
    recorded_at = None if clip.recorded_at is None else utc_text(clip.recorded_at)
    return HandedFile(
        f"{VAULT_FOLDER}/{clip.vault_path}",
        clip.size_bytes,
        clip.digests[Algorithm.BLAKE3.value],
        clip=clip.id,
        recorder=clip.recorder,
        officer=clip.officer,
        recorded_at=recorded_at,
    )


def _seals(opened: Opened, about: str, sealed: Sequence[SessionRow]) -> list[HandedFile]:
    """`session.json` of these sessions with its signature. Raises HandoverRefused when one is not what was sealed."""
    files, wrong = [], []
    for session in sealed:
        path = f"{session.vault_dir}/{SESSION_FILE}"
        try:
            text, signature = (opened.station.vault.read(one) for one in (path, f"{path}.sig"))
        except FileNotFoundError:
            wrong.append(f"{path}: {Damage.MISSING.value}")
            continue
        if str(digest_of(text)) != session.session_digest:
            wrong.append(f"{path}: {Damage.DIFFERENT_DIGEST.value}")
        for name, data in ((path, text), (f"{path}.sig", signature)):
            files.append(HandedFile(f"{VAULT_FOLDER}/{name}", len(data), str(digest_of(data))))
    if wrong:
        raise HandoverRefused(about, "damaged", wrong)
    return files


def make(opened: Opened, gathered: Gathered, to: str | None, medium: str | None) -> tuple[BatchPaper, str | None]:
    """Make a batch, signed; written to a medium first, when one is named: what cannot be written is not handed over.

    The medium gets what makes it a batch once that is on record. The batch and its folder on the medium. Raises
    HandoverRefused, MediumFault, NoSpace, TargetFault.
    """
    station = opened.station
    sweep(station)
    moment = station.clock()
    paper = _paper(opened, gathered, to, moment)
    text = paper.text()
    signature = station.key.sign(text, BATCH_NAMESPACE)
    folder = None if medium is None else begin(station, paper, text, signature, medium)
    made = HandoverMade(
        batch=paper.batch,
        department=paper.department,
        to=paper.to,
        by=paper.by,
        clips=[clip.id for clip in gathered.clips],
        documents=list(gathered.documents),
        size_bytes=paper.size_bytes,
        manifest_digest=str(digest_of(paper.manifest())),
    )
    with nothing_left(station, folder), kept(station, paper.batch, text, signature) as documents:
        station.catalog.append([*documents, made], actor=opened.actor, at=moment)
    export(station)
    if folder is not None:
        try:
            finish(station, folder, text)
        except MediumFault as fault:
            raise HandoverRefused(paper.batch, "unfinished", (reason_of(fault.cause),)) from fault
    return paper, folder


def _paper(opened: Opened, gathered: Gathered, to: str | None, moment: datetime) -> BatchPaper:
    station, who = opened.station, acting(opened)
    return BatchPaper(
        batch=f"{moment.astimezone(station.zone):%Y%m%d}-{station.random_hex(8)}",
        station=station.id,
        station_name=opened.config.station.name,
        public_key=station.key.public_line(),
        department=gathered.department,
        to=recipient(opened, to),
        by=who.actor,
        officer=who.person.officer,
        at=utc_text(moment),
        files=gathered.files,
    )


def recipient(opened: Opened, to: str | None) -> str:
    """Who is to receive a batch: whom somebody names, else whom the rule pack does, in the agency's own language
    because it stands in the log. Raises PackUnusable.
    """
    if to is not None:
        return to
    rhythm = set_pack(opened).hand_over
    return "" if rhythm is None else rhythm.who.zh


def copy_again(opened: Opened, name: str, medium: str) -> str:
    """Write a batch to another medium, as it was handed over; its folder there. Raises as `make`, NotFound."""
    batch = find_handover(opened.station.catalog, name)
    require(opened, Act.HAND_OVER, batch.department)
    paper, text, signature = stated(opened.station, batch)
    return write(opened.station, paper, text, signature, medium)


# ------------------------------------------------------------------------------------------------ the receiving side


def receive(opened: Opened, name: str) -> HandoverReceived:
    """Receive a batch on the station where it lies, as another person than who handed it over: every file is read
    again from the medium. What was recorded. Raises NotAllowed, HandoverRefused, NotFound.
    """
    batch = find_handover(opened.station.catalog, name)
    first = (person_named(opened, batch.made_by),)
    who = require(opened, Act.RECEIVE, batch.department, first=first)
    refuse_received(batch)
    paper, _text, _signature = stated(opened.station, batch)
    differences = _read_again(opened, batch, paper)
    said = HandoverReceived(
        batch=batch.id,
        how=HERE,
        receiver=who.actor,
        key=None,
        by=who.actor,
        manifest_digest=batch.manifest_digest,
        files=len(paper.files),
        differences=difference_maps(differences),
        documents=[],
    )
    record(opened, [said])
    return said


def _read_again(opened: Opened, batch: HandoverRow, paper: BatchPaper) -> list[HandedDifference]:
    station = opened.station
    inside = clips_handed(station.catalog, batch.id)
    gone = {clip.id for clip in inside if clip.destroyed_at is not None}
    found = []
    for file in paper.files:
        if file.clip in gone:
            found.append(HandedDifference(file.path, DESTROYED, file.digest))
            continue
        path = station.vault.at(file.vault_path)
        said = examine(station.files, path, file.size_bytes, {Algorithm.BLAKE3.value: file.digest})
        if said.damage is not None:
            found.append(HandedDifference(file.path, said.damage.value, said.expected, said.found))
    return found + _beside(opened, {clip.session for clip in inside})


def _beside(opened: Opened, inside: set[str]) -> list[HandedDifference]:
    """What lies in the folders of these sessions and is nobody's."""
    station = opened.station
    found = []
    for session in sessions_of(station.catalog, inside):
        known = {clip.vault_path for clip in station.catalog.clips_of_session(session.id)}
        known |= {f"{session.vault_dir}/{name}" for name in SEAL_NAMES}
        for stone in tombstones_of_session(station.catalog, session.id):
            record = record_path(session.vault_dir, stone.batch)
            known |= {record, f"{record}.sig"}
        lying = station.vault.files_below(session.vault_dir)
        found += [HandedDifference(f"{VAULT_FOLDER}/{one.path}", MORE) for one in lying if one.path not in known]
    return found


def refuse_received(batch: HandoverRow) -> None:
    """Raises HandoverRefused for a batch that was received whole."""
    if batch.state == RECEIVED:
        raise HandoverRefused(batch.id, "received")
