"""Programs among recordings (duty D23), known by their first bytes; and files newer than the docking."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dockd.listing import Listed
from dockd.recorders import Taken, Trace, Unknown
from dockd.recorders.rogues import HEAD_BYTES, program_in, program_named
from fixtures.media import clip
from fixtures.volumes import windows_program
from tests.simulators.cards import NOW, card, family_folder, load_families, matched

pytestmark = pytest.mark.duty("D23")


def head_of(path: str | Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD_BYTES)


def test_programs_of_this_machine_are_known() -> None:
    assert program_in(head_of(os.path.realpath(sys.executable))) == "elf"
    assert program_in(head_of("/usr/bin/ldd")) == "script"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (windows_program(), "pe"),
        (b"MZ" + struct.pack("<HH", 144, 3) + bytes(58), "dos"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\x01" + bytes(24), "mach-o"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(24), "mach-o"),
        (b"\xca\xfe\xba\xbe\0\0\0\x37" + bytes(24), None),  # a Java class is run by nobody by itself
        (b"dex\n035\0", "dex"),
        (b"L\0\0\0\x01\x14\x02\0" + bytes(68), "lnk"),
        (b"#!/bin/sh\nreboot\n", "script"),
        (b"#! /usr/bin/env python3\n", "script"),
        (b"#!AMR\n\x3c", None),  # a voice recording
        (b"#!AMR-WB\n", None),
        (b"MZ", None),
        (b"MZ is a country code\n" * 10, None),
        (b"", None),
        (b"\x7fELF", None),
        (b"\0\0\0\x18ftypmp42", None),
    ],
)
def test_a_program_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    assert program_in(head) == kind


@pytest.mark.parametrize(
    ("inside", "kind"), [("AndroidManifest.xml", "apk"), ("META-INF/MANIFEST.MF", "jar"), ("a", None)]
)
def test_an_archive_is_a_program_when_it_holds_one(tmp_path: Path, inside: str, kind: str | None) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr(inside, "x")
    assert program_in(head_of(tmp_path / "x")) == kind


def test_recordings_are_no_programs(tmp_path: Path) -> None:
    made = clip(tmp_path / "clip.mp4", 1)
    for name in ("clip.mp4", "clip.mkv", "clip.avi", "clip.ts", "clip.wav", "clip.mp3", "clip.jpg"):
        path = tmp_path / name
        if name != "clip.mp4":
            frame = ["-frames:v", "1"] if name.endswith("jpg") else []
            subprocess.run(["ffmpeg", "-v", "error", "-i", str(made), *frame, str(path)], check=True)
        assert program_in(head_of(path)) is None, name


@given(some.binary(max_size=200))
def test_any_first_bytes_are_judged(head: bytes) -> None:
    for magic in (b"", b"MZ", b"\x7fELF", b"PK\x03\x04", b"#!", b"\xca\xfe\xba\xbe"):
        program_in(magic + head)


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("player.EXE", "exe"),
        ("clip.mp4.exe", "exe"),
        ("clip.mp4.exe.", "exe"),
        ("clip.mp4.scr  ", "scr"),
        ("turned\u202e4pm.exe", "exe"),
        ("clip.mp4", None),
        ("exe", None),
    ],
)
def test_a_name_that_promises_a_program_is_told(name: str, extension: str | None) -> None:
    assert program_named(name) == extension


def test_a_program_under_the_name_of_a_recording_goes_to_quarantine(tmp_path: Path) -> None:
    found = matched(card(tmp_path / "card", "a.mp4"))
    listed = Listed(b"a.mp4", "file")
    assert isinstance(found.classify(listed), Taken)
    assert isinstance(found.classify(listed, b"\0\0\0\x18ftypmp42"), Taken)
    assert found.classify(listed, windows_program()) == Trace("rogue-executable is pe")


def test_a_recording_that_begins_with_mz_by_chance_stays_one(tmp_path: Path) -> None:
    found = matched(card(tmp_path / "card", "a.mts"))
    by_chance = b"MZ" + struct.pack("<HH", 144, 3) + bytes(58)
    assert isinstance(found.classify(Listed(b"a.mts", "file"), by_chance), Taken)
    assert found.classify(Listed(b"a.bin", "file"), by_chance) == Trace("rogue-executable is dos")


def test_a_program_that_the_maker_puts_there_is_only_unknown(tmp_path: Path) -> None:
    own = 'name = "own"\nextends = "folder"\ntitle = {{ zh = "x", en = "x" }}\nrank = 9\nexpected = ["PLAYER/*.exe"]\n'
    folder = family_folder(tmp_path, own + '[[recognise]]\nfiles = ["PLAYER/**"]\n')
    found = matched(card(tmp_path / "card", "PLAYER/p.exe"), families=load_families(str(folder)))
    assert found.classify(Listed(b"PLAYER/p.exe", "file"), windows_program()) == Unknown("unknown-kind")
    assert isinstance(found.classify(Listed(b"p.exe", "file"), windows_program()), Trace)


@pytest.mark.parametrize(
    ("wall_clock", "ahead", "newer"),
    [
        (False, timedelta(minutes=1), False),
        (False, timedelta(minutes=3), True),
        # FAT in China: a file written just now may be listed eight hours ahead.
        (True, timedelta(hours=8), False),
        (True, timedelta(hours=8, minutes=3), True),
        (True, timedelta(hours=-9), False),
    ],
)
def test_a_file_that_claims_to_be_younger_than_the_docking_is_told(
    tmp_path: Path, wall_clock: bool, ahead: timedelta, newer: bool
) -> None:
    found = replace(matched(card(tmp_path / "card", "a.mp4")), wall_clock=wall_clock)
    written: datetime = NOW + ahead
    listed = Listed(b"a.mp4", "file", mtime_ns=int(written.timestamp()) * 10**9)
    assert found.newer_than_docking(listed) is newer
    assert not found.newer_than_docking(replace(listed, kind="symlink"))
