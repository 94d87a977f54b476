"""A station with people, recordings and a rule pack, for what is kept and how long."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from catalog.events import FactsRead
from catalog.watching.events import ClipTimeSettled
from dockd.assembly import reading
from tests.simulators.agency import ADMIN, PASSWORD, Command, Ran, settle

ZONE = ZoneInfo("Asia/Shanghai")


class Keeping(Command):
    """An agency's station. With people `boss` and `chief` lead it, `arch` keeps its archive, `zhang` is an officer;
    without, whoever operates it does what any of them would.
    """

    peopled = False

    @classmethod
    def at(cls, folder: Path, pack: str = "qinghe-market", own_pack: str = "", *, people: bool = False) -> Keeping:
        """A station that goes by `pack`; `own_pack` is the text of one in packs.d."""
        made = cls(folder)
        if people:
            made.peopled = True
            settle(made)
            for name, role in (("arch", "archivist"), ("chief", "leader")):
                made.ok("user", "add", name, "--role", role, "--department", "局", by=ADMIN)
        else:
            made.ok("init", "--yes", "--department", "城关中队")
        made.set_pack(pack, own_pack)
        return made

    def __call__(self, *words: str, by: str | None = None, password: str = PASSWORD) -> Ran:
        return super().__call__(*words, by=by if self.peopled else None, password=password)

    def set_pack(self, pack: str, own_pack: str = "") -> None:
        """Name another pack in the settings."""
        station = self.home / "station"
        if own_pack:
            (station / "packs.d").mkdir(exist_ok=True)
            (station / "packs.d" / "own.toml").write_text(own_pack, encoding="utf-8")
        settings = station / "dockd.toml"
        kept = settings.read_text("utf-8").partition("[retention]")[0]
        settings.write_text(f'{kept}[retention]\npack = "{pack}"\n', encoding="utf-8")

    def set_share(self, permille: int) -> None:
        """Say which share of the archive one change may make due; setting a pack forgets it."""
        settings = self.home / "station" / "dockd.toml"
        kept = settings.read_text("utf-8").partition("[change]")[0]
        settings.write_text(f"{kept}\n[change]\nrefuse_above_permille = {permille}\n", encoding="utf-8")

    def lasting(self, *clips: str, duration_ms: int = 60_000) -> None:
        """The parsers measured how long these are."""
        fact = {"name": "duration", "value": duration_ms, "unit": "ms", "source": "ffprobe"}
        with reading(str(self.home / "station")) as opened:
            opened.station.catalog.append([FactsRead(clip, [fact], []) for clip in clips])

    def dock(self, *times: str, recorder: str = "8123456", officer: str = "100234") -> list[str]:
        """Dock a recorder with a recording of each of these times, `20261119013100`; the ids of what came in."""
        card = self.home / f"card-{recorder}"
        card.mkdir(exist_ok=True)
        before = set(self.clips())
        for time in times:
            (card / f"{recorder}_{officer}_{time}.mp4").write_bytes(f"{recorder}{time}".encode() * 200)
        self.ok("dock", str(card))
        return [clip for clip in self.clips() if clip not in before]

    def clips(self) -> list[str]:
        """All clips, by the time of their recording."""
        return [clip["id"] for clip in self.ok("clip", "list", "--json", by="boss").json]

    def settle_time(self, clip: str, day: str) -> None:
        """A person settled when a clip was recorded: at noon of this day."""
        noon = datetime.combine(date.fromisoformat(day), datetime.min.time().replace(hour=12), ZONE).isoformat()
        with reading(str(self.home / "station")) as opened:
            said = ClipTimeSettled(clip, noon, noon, noon, "watch")
            opened.station.catalog.append([said], actor="user:boss")

    def why(self, clip: str) -> dict[str, Any]:
        """What `dockd clip why --json` says."""
        told: dict[str, Any] = self.ok("clip", "why", clip, "--json", by="boss").json
        return told
