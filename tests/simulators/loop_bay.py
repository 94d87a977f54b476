"""A recorder without USB: an ext4 card in a file, plugged in as a loop device, and a station's bay for it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from dockd.listing import Volume, list_volume
from dockd.mounts import disk_sequence
from dockd.results import Result
from dockd.root.device import Device, find_device
from dockd.root.kernel import KernelMounter, Mounter
from dockd.root.mounting import ROOT, mount, unmount
from dockd.root.wipelist import Clock, Listed, Outcome, Removal, WipeList, read_outcome, read_seal_facts
from dockd.root.wiping import DiskSequence, Means, clear
from hashing.digest import Digest
from hashing.filecalls import FileCalls, OsFileCalls
from retention.clearing import Doubt
from tests.simulators.station import KEY, dock, make_home, open_station

CARD_MIB = 16
NOON = datetime(2026, 11, 20, 12, 0, 7, tzinfo=timezone(timedelta(hours=8)))
STRANGE = "DCIM/101MEDIA/strange.xyz"
CONTENTS = {
    "DCIM/100MEDIA/1234567_100001_20261119080000.mp4": b"first" * 900,
    "DCIM/100MEDIA/1234567_100001_20261119081000.mp4": b"second" * 90_000,
    "DCIM/101MEDIA/1234567_100001_20261119082000.jpg": b"photo" * 500,
    STRANGE: b"what is this?",
}
CLIPS = sorted(CONTENTS)[:3]


@dataclass(slots=True)
class LoopCard:
    """An ext4 card. `name` is the kernel's while it is plugged in, empty otherwise."""

    image: Path
    name: str = ""

    @classmethod
    def made(cls, folder: Path, contents: Mapping[str, bytes], *options: str) -> LoopCard:
        """A card with these files, all belonging to root as on a recorder that runs Linux."""
        tree = folder / "tree"
        for path, content in contents.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content)
            os.utime(tree / path, (1_700_000_000, 1_700_000_000))
        card = cls(folder / "card.img")
        command = ["mke2fs", "-q", "-F", "-t", "ext4", *options, "-d", str(tree), str(card.image), f"{CARD_MIB}m"]
        subprocess.run(command, check=True, capture_output=True)
        return card

    def plug(self) -> str:
        """Plug it in; its kernel name."""
        command = ["losetup", "--find", "--show", str(self.image)]
        self.name = os.path.basename(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
        return self.name

    def unplug(self) -> None:
        """Take it out; what is still mounted of it stays till nobody uses it."""
        if self.name:
            subprocess.run(["losetup", "--detach", f"/dev/{self.name}"], check=True)
            self.name = ""

    def debug(self, *commands: str) -> str:
        """Change or ask the file system behind the kernel's back, with the card taken out (debugfs(8)); its answers."""
        assert not self.name
        said = ""
        for command in commands:
            done = subprocess.run(
                ["debugfs", "-w", "-R", command, str(self.image)], check=True, capture_output=True, text=True
            )
            assert "\n" not in done.stderr.strip(), done.stderr
            said += done.stdout
        return said


@dataclass(slots=True)
class LoopBay:
    """A bay with a card in it, and a station that docks it. `wipe` is the last docking's list: every clip of it."""

    root: Path
    card: LoopCard
    wipe: WipeList | None = None
    mounter: Mounter = field(default_factory=KernelMounter)

    @property
    def run_dir(self) -> Path:
        return self.root / "run"

    @property
    def key_file(self) -> Path:
        return self.root / "station.pub"

    @property
    def wipe_file(self) -> Path:
        return self.run_dir / "wipe" / f"{self.card.name}.json"

    @property
    def outcome_file(self) -> Path:
        return self.run_dir / "outcome" / f"{self.card.name}.json"

    @property
    def clearing_place(self) -> Path:
        """Where root mounts the card while it clears it."""
        return self.run_dir / "clearing" / self.card.name

    def build(self) -> None:
        """The folders of a station, and its key as root keeps it."""
        make_home(self.root)
        (self.run_dir / "wipe").mkdir(parents=True, mode=0o755)
        self.key_file.write_text(KEY.public_line() + "\n")
        self.key_file.chmod(0o644)

    def device(self) -> Device:
        """The card's device as root finds it."""
        return find_device(self.card.name, allow_loop=True)

    def dock(self, seed: int = 0) -> Result:
        """One docking session over a read-only mount, which is let go of again; a second one needs another seed."""
        path = mount(self.device(), str(self.run_dir), ROOT, OsFileCalls(), self.mounter)
        try:
            with open_station(self.root, seed=seed) as station:
                result, _ = dock(station, Path(path))
                opened = station.catalog.find_session(result.session)
                seal = station.vault.at(f"{opened.vault_dir}/session.json")
            with Volume.open(OsFileCalls(), path) as volume:
                entries = list_volume(OsFileCalls(), volume).entries
        finally:
            unmount(self.card.name, str(self.run_dir), OsFileCalls(), self.mounter)
        vouched = read_seal_facts(Path(seal).read_bytes()).entries
        self.wipe = WipeList(
            session=result.session,
            device=self.card.name,
            diskseq=disk_sequence(self.device().number),
            seal=seal,
            listing=tuple(Listed(e.path, e.kind, e.size_bytes, e.mtime_ns) for e in entries),
            remove=tuple(
                Removal(seq, one.path, one.size_bytes, Digest.parse(one.digest))
                for seq, one in sorted(vouched.items())
                if one.digest is not None
            ),
            clock=None,
        )
        return result

    def listed(self) -> WipeList:
        """The last docking's list."""
        assert self.wipe is not None
        return self.wipe

    def ask(self, **changes: object) -> WipeList:
        """Put a wipe list where the daemon puts it: the last docking's, changed so."""
        wipe = replace(self.listed(), **changes)  # type: ignore[arg-type]
        self.wipe_file.write_bytes(wipe.to_json())
        return wipe

    def plug_again(self, *commands: str) -> None:
        """Change the card behind the kernel's back, plug it in anew, and let the list name this plugging."""
        self.card.unplug()
        self.card.debug(*commands)
        self.card.plug()
        number = disk_sequence(self.device().number)
        self.wipe = replace(self.listed(), device=self.card.name, diskseq=number)

    def clear(
        self,
        *,
        files: FileCalls | None = None,
        mounter: Mounter | None = None,
        sequence: DiskSequence = disk_sequence,
    ) -> Outcome:
        """Have root clear the card; the outcome as the daemon reads it."""
        means = Means(
            str(self.run_dir),
            ROOT,
            str(self.key_file),
            files or OsFileCalls(),
            mounter or self.mounter,
            lambda: NOON,
            disk_sequence=sequence,
        )
        said = clear(self.device(), means)
        read = read_outcome(self.outcome_file.read_bytes())
        assert read == said
        return read

    def on_card(self) -> dict[str, bytes]:
        """What lies on the card now."""
        path = mount(self.device(), str(self.run_dir), ROOT, OsFileCalls(), self.mounter)
        try:
            return {str(p.relative_to(path)): p.read_bytes() for p in Path(path).rglob("*") if p.is_file()}
        finally:
            unmount(self.card.name, str(self.run_dir), OsFileCalls(), self.mounter)


def clock_order(name: str = "TIMESET.TXT") -> Clock:
    """As a family has it."""
    return Clock(name, "%Y-%m-%d %H:%M:%S")


def mounts_of(name: str) -> list[str]:
    """Where a device is mounted, and how: one line of mountinfo a mount."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line.strip() for line in file if re.search(rf" /dev/{name} ", line)]


def kept_all(bay: LoopBay, outcome: Outcome, doubt: Doubt) -> bool:
    """Whether nothing is gone, nothing is mounted, and every entry that was to go stays for this reason."""
    kept = tuple((removal.seq, doubt.value) for removal in bay.listed().remove)
    return (outcome.removed, outcome.kept) == ((), kept) and bay.on_card() == CONTENTS and not mounts_of(bay.card.name)
