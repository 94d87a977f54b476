"""The texts of a bag (BagIt 1.0, RFC 8493), and the names in it.

    bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt
    manifest.b3 (manifest.sm3)      b3sum --check manifest.b3: BagIt knows no BLAKE3, so these are tag files
    data/<clip>/<name>              what is given
    proof/                          what proves it

Names in `data/` are the originals' own as far as every medium takes them: FAT and Windows refuse some signs, and BagIt
gives a meaning to the percent sign. They lie in a folder a recording, so that no two of them meet.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from hashing.digest import Algorithm, Digest, digest_of
from hashing.manifest import ManifestEntry, render

from .. import __version__
from ..sealing import manifest_name
from .order import CopyOrder, Piece

BAGIT = "bagit.txt"
BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
DATA_FOLDER = "data"
PROOF_FOLDER = "proof"
COPY_FILE = f"{PROOF_FOLDER}/copy.json"
DERIVED_FILE = f"{PROOF_FOLDER}/derived.json"
NOTE_NAME = "说明-NOTE.txt"
# Whoever opens an unfinished copy reads this first; dockd knows by it what it may put in order.
UNFINISHED = "UNFINISHED-未完成.txt"
# All that a bag of ours has in its own folder.
TOP_NAMES = frozenset(
    {BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST, DATA_FOLDER, PROOF_FOLDER, UNFINISHED}
    | {manifest_name(algorithm) for algorithm in Algorithm}
)

_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*%]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(?=\.|\Z)")
# FAT takes 255 signs, others 255 bytes; what is derived gets a longer ending.
_STEM_BYTES = 180


def portable(name: str) -> str:
    """A file's name as every medium takes it. Not injective: the original's own stands in copy.json."""
    stem, extension = os.path.splitext(_UNFIT.sub("_", name))
    if len(extension.encode()) > 16:
        stem, extension = stem + extension, ""
    while len(stem.encode()) > _STEM_BYTES:
        stem = stem[:-1]
    stem = stem.strip(" .") or "_"
    return _DEVICES.sub(r"\1_", stem) + extension.rstrip(" .")


def data_path(clip: str, name: str) -> str:
    """Where a file of a clip lies in a bag."""
    return f"{DATA_FOLDER}/{clip}/{name}"


def unfinished_text(station: str, request: str) -> bytes:
    """What marks a bag in the making: whose, and for which request."""
    return (
        f"dockd unfinished copy 1\nstation {station}\nrequest {request}\n\n"
        "此副本未制作完成，不可使用。\nThis copy is unfinished: do not use it.\n"
    ).encode()


def bag_info(order: CopyOrder, pieces: Iterable[Piece], *, organisation: str, station: str, day: str) -> bytes:
    """`bag-info.txt`: RFC 8493 §2.2.2, and what a court asks first. Each value is one line."""
    sizes = [piece.size_bytes for piece in pieces]
    facts = {
        "Source-Organization": organisation,
        "External-Identifier": order.number,
        "External-Description": order.purpose,
        "Internal-Sender-Identifier": station,
        "Bagging-Date": day,
        "Payload-Oxum": f"{sum(sizes)}.{len(sizes)}",
        "Bag-Software-Agent": f"dockd {__version__}",
        "Recipient": order.recipient,
        "Request-Kind": order.kind,
        "Approved-By": order.approved_by,
        "Approved-At": order.approved_at.isoformat(timespec="seconds"),
        "Copy-Form": order.form,
    }
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in facts.items()).encode()


def manifests(digests: Mapping[str, Mapping[Algorithm, Digest]]) -> dict[str, bytes]:
    """The manifests of the payload, by their names; `digests` of each file by its path."""
    taken = {algorithm for found in digests.values() for algorithm in found}
    return {
        MANIFEST if algorithm is Algorithm.SHA256 else manifest_name(algorithm): render(
            ManifestEntry(path, found[algorithm]) for path, found in digests.items()
        )
        for algorithm in sorted(taken)
    }


def tag_manifest(tags: Mapping[str, bytes]) -> bytes:
    """`tagmanifest-sha256.txt`: every tag file, `bagit.txt` too, which is written last."""
    return render(
        ManifestEntry(path, digest_of(text, Algorithm.SHA256)) for path, text in {**tags, BAGIT: BAGIT_TEXT}.items()
    )


def note_text(lines: Iterable[str]) -> bytes:
    """What is put beside a recording that nothing can be burnt into."""
    mark = "\n".join(lines)
    return (
        f"{mark}\n\n"
        "本录音（或附属文件）无法在画面上加盖水印，内容与原件逐字节一致，仅供上述领取人按申请用途使用。\n"
        "Nothing can be burnt into this sound or attachment: it is the original byte for byte, for this recipient and "
        "this request alone.\n"
    ).encode()
