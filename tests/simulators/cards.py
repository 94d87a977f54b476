"""Cards of recorders as folders of empty files, and what they are matched as."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dockd.listing import Listed, Volume, list_volume
from dockd.recorders import Family, Match, Taken, load_families, match
from hashing.filecalls import OsFileCalls

FILES = OsFileCalls()
NOW = datetime(2026, 11, 21, 1, 35, tzinfo=UTC)
FAMILIES = load_families()


def matched(
    root: Path, *, now: datetime = NOW, families: Sequence[Family] = FAMILIES, label: str | None = None
) -> Match:
    """What a folder is matched as; `label` stands in for a mounted card's."""

    class Labelled(Volume):
        def label(self) -> str | None:
            return label

    with Labelled.open(FILES, str(root)) as volume:
        return match(families, list_volume(FILES, volume), volume, station_now=now)


def card(root: Path, *names: str, ini: str | bytes | None = None) -> Path:
    """A card with empty files of these names."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    root.mkdir(exist_ok=True)
    if ini is not None:
        (root / "station_bind.ini").write_bytes(ini.encode("gb18030") if isinstance(ini, str) else ini)
    return root


def taken(found: Match, path: str) -> Taken:
    """What an entry is taken for; it must be taken for something."""
    said = found.classify(Listed(os.fsencode(path), "file"))
    assert isinstance(said, Taken), said
    return said


OWN = """
name = "own"
extends = "folder"
title = {{ zh = "自有", en = "own" }}
rank = 90
zone = "{zone}"
clear = ["video"]

[[recognise]]
names_share = 0.5

[[names]]
pattern = '(?P<officer>[a-z]+)_(?P<start>[0-9]{{14}})(?P<key>\\+)?'
start = ["%Y%m%d%H%M%S"]

[[names]]
pattern = '(?P<officer>[A-Z]+)_(?P<recorder>[0-9]+)/(?P<sequence>[0-9]+)'

[key_mark]
side_files = ["{{stem}}.key"]

[[side]]
files = ["**/*.key"]
kind = "log"
"""


def family_folder(tmp_path: Path, text: str = OWN, zone: str = "UTC", name: str = "own.toml") -> Path:
    """An administrator's folder with one family file."""
    folder = tmp_path / "recorders.d"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text.format(zone=zone), encoding="utf-8")
    return folder
