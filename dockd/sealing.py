"""Seals a session: manifest, session.json, signature, custody entry, ledger – in this order, each durable.

Whatever lies there already from an interrupted run is kept and finished, never replaced. A session without clips has
no manifest: `b3sum --check` has nothing to say about nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from catalog.events import ClipIngested, EntryResolved, SessionOpened, SessionSealed
from catalog.model import Clip, EntryRow, utc_text
from hashing.digest import Algorithm, Digest, digest_of
from hashing.manifest import ManifestEntry, render

from .ledger import export
from .session import Learned, Outcome, Sum, read_seal, seal_text
from .station import Station
from .vault import MANIFEST_STEM, SESSION_FILE

SESSION_NAMESPACE = "dockd-session"


@dataclass(frozen=True, slots=True)
class Story:
    """A session as the custody log tells it, before it is sealed."""

    opened: SessionOpened
    opened_at: str
    clips: Sequence[ClipIngested]
    resolved: Sequence[EntryResolved]
    learned: Learned


def manifest_name(algorithm: Algorithm) -> str:
    """`manifest.b3`, `manifest.sha256`, `manifest.sm3`."""
    return f"{MANIFEST_STEM}.{algorithm.value}"


# What lies in a session's folder beside its originals: manifests first, the seal after them.
SEAL_NAMES = (*(manifest_name(algorithm) for algorithm in Algorithm), SESSION_FILE, f"{SESSION_FILE}.sig")


def seal(station: Station, story: Story, *, state: str, milliseconds: int) -> SessionSealed:
    """Write what makes the session stand for itself, and record it.

    `state` is `sealed` or `interrupted`. Entries that were never reached count as failed. Raises TargetFault,
    CatalogFault.
    """
    opened = story.opened
    manifest_digest = _write_manifests(station, opened.vault_dir, story.clips)
    _write_quarantine_manifests(station, story.resolved)
    outcomes = [Outcome.INGESTED.value] * len(story.clips) + [entry.outcome for entry in story.resolved]
    outcomes += [Outcome.FAILED.value] * (opened.on_recorder - len(outcomes))
    total = Sum.of(opened.on_recorder, outcomes)
    sealed = SessionSealed(
        session=opened.session,
        state=state,
        ingested=total.ingested,
        already_held=total.already_held,
        quarantined=total.quarantined,
        failed=total.failed,
        ingested_bytes=sum(clip.size_bytes for clip in story.clips),
        milliseconds=milliseconds,
        session_digest="",
        manifest_digest=manifest_digest,
    )
    text = seal_text(
        opened,
        story.opened_at,
        story.clips,
        story.resolved,
        sealed,
        utc_text(station.clock()),
        station.id,
        story.learned,
    )
    path = f"{opened.vault_dir}/{SESSION_FILE}"
    lying = station.vault.write_once(path, text)
    if lying != text:
        # An interrupted run got as far as this: its session.json stands, with its own time and state.
        sealed = SessionSealed(session_digest="", **read_seal(lying).sealed)
    station.vault.write_once(f"{path}.sig", station.key.sign(lying, SESSION_NAMESPACE))
    sealed = replace(sealed, session_digest=str(digest_of(lying)))
    station.catalog.append([sealed])
    export(station)
    return sealed


def _write_manifests(station: Station, folder: str, clips: Sequence[ClipIngested]) -> str | None:
    """The manifests of a session's originals; the digest of `manifest.b3`, None when there are no clips."""
    if not clips:
        station.vault.ensure(folder)
        return None
    for algorithm in algorithms_of(clips):
        text = render(originals(folder, clips, algorithm))
        lying = station.vault.write_once(f"{folder}/{manifest_name(algorithm)}", text)
        if algorithm is Algorithm.BLAKE3:
            digest = str(digest_of(lying))
    return digest


def algorithms_of(clips: Iterable[ClipIngested | Clip]) -> list[Algorithm]:
    """The digests that were taken of these clips: each has its manifest."""
    taken = {name for clip in clips for name in clip.digests}
    return [algorithm for algorithm in Algorithm if algorithm.value in taken]


def originals(folder: str, clips: Iterable[ClipIngested | Clip], algorithm: Algorithm) -> list[ManifestEntry]:
    """What the manifest of a session's folder says."""
    return [
        ManifestEntry(_below(clip.vault_path, folder), Digest.parse(clip.digests[algorithm.value]))
        for clip in clips
        if algorithm.value in clip.digests
    ]


def set_aside(folder: str, resolved: Iterable[EntryResolved | EntryRow]) -> list[ManifestEntry]:
    """What the manifest of a session's quarantine folder says."""
    return [
        ManifestEntry(_below(entry.vault_path, folder), Digest.parse(entry.digest))
        for entry in resolved
        if entry.vault_path and entry.digest
    ]


def _write_quarantine_manifests(station: Station, resolved: Iterable[EntryResolved]) -> None:
    """`manifest.b3` in the session's quarantine folder, for what this session put there."""
    own = [
        entry
        for entry in resolved
        if entry.outcome == Outcome.QUARANTINED and entry.vault_path and entry.session in entry.vault_path
    ]
    if not own:
        return
    folder = quarantine_folder(own[0].vault_path or "")
    text = render(set_aside(folder, own))
    station.vault.write_once(f"{folder}/{manifest_name(Algorithm.BLAKE3)}", text)


def quarantine_folder(vault_path: str) -> str:
    """The session's quarantine folder that a quarantined copy lies in."""
    return "/".join(vault_path.split("/")[:4])


def _below(path: str, folder: str) -> str:
    below = path.removeprefix(f"{folder}/")
    if below == path:
        raise ValueError(path)
    return below
