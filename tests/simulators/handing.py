"""What hand-overs ask of a station: recordings to hand over, media, and another station that receives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.simulators.agency import ADMIN, Command

FOLDER = "handover-*"


def with_archivists(agency: Command) -> Command:
    """A station with an archivist `arch`, who receives, and `twin`, who is the same person as `keeper`."""
    for name, more in (("arch", ()), ("twin", ("--officer", "100234"))):
        agency.ok("user", "add", name, "--role", "archivist", "--department", "局", *more, by=ADMIN)
    return agency


def dock(command: Command, *times: str, recorder: str = "X8123456") -> None:
    """Dock a recorder with a recording of each of these times, `20261119013100`."""
    card = command.home / f"card-{recorder}"
    card.mkdir(exist_ok=True)
    for time in times:
        (card / f"{recorder[-7:]}_100234_{time}.mp4").write_bytes(f"{recorder}{time}".encode() * 300)
    command.ok("dock", str(card))


def rows(command: Command, *words: str, by: str = "boss") -> list[dict[str, Any]]:
    """The batches that were made."""
    found: list[dict[str, Any]] = command.ok("handover", "list", "--json", *words, by=by).json
    return found


def make(command: Command, *words: str, by: str = "keeper") -> str:
    """The number of a batch that was made."""
    command.ok("handover", "make", "--department", "城关中队", *words, by=by)
    return str(rows(command)[-1]["id"])


def medium_of(command: Command) -> Path:
    """A folder that stands for a disk that leaves the house."""
    medium = command.home / "medium"
    medium.mkdir(exist_ok=True)
    return medium


def key_file(command: Command) -> str:
    """Where a station's public key lies."""
    return str(command.home / "station/keys/station.pub")


def recordings(folder: Path) -> list[Path]:
    """All recordings below a folder, by path."""
    return sorted(folder.rglob("*.mp4"))


def handed(command: Command) -> list[str]:
    """What the log says of hand-overs, in order."""
    return [entry["kind"] for entry in command.log() if entry["kind"].startswith("handover")]
