"""Families: the volumes they recognise, whose they are, and what each entry is taken for."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from dockd.listing import Listed, list_volume
from dockd.recorders import Taken, Trace, Unknown, load_families
from fixtures.build import build_ambarella, build_gat947, clip
from tests.simulators.cards import FAMILIES, FILES, card, family_folder, matched, taken
from tests.simulators.hostile import build

GAT = "4500123_012345_20261120081500"


@pytest.fixture(scope="module")
def recorders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recorders")
    build_gat947(out, "small")
    build_ambarella(out, "small")
    return out


# ------------------------------------------------------------------------------------------------ recognising


def test_the_gat947_recorder_is_known_with_its_officer_and_department(recorders: Path) -> None:
    found = matched(recorders / "gat947")
    assert (found.family.name, found.recorder, found.officer) == ("gat947", "4500123", "012345")
    assert found.department == "城关执法中队"
    assert found.binding["officer"] == "012345 张伟"
    assert found.because[0] == "family=gat947"
    assert "names=32/32" in found.because
    assert "more-specific-than=bound,folder" in found.because
    assert "recorder-from=binding" in found.because


def test_every_entry_of_the_gat947_recorder_is_what_it_was_made_as(recorders: Path) -> None:
    found = matched(recorders / "gat947")
    listing = list_volume(FILES, str(recorders / "gat947"))
    said = [found.classify(entry) for entry in listing.entries]
    kinds = Counter(one.kind if isinstance(one, Taken) else type(one).__name__ for one in said)
    assert kinds == {"video": 21, "photo": 10, "audio": 1, "log": 3, "binding": 1, "Unknown": 1}
    assert sum(isinstance(one, Taken) and one.key_mark for one in said) == 4
    assert len(listing.entries) == 37


def test_exactly_one_clip_of_the_gat947_recorder_lies_there_twice(recorders: Path) -> None:
    files = [path for path in (recorders / "gat947").rglob("*") if path.is_file()]
    digests = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    assert sorted(digests.values(), reverse=True)[:2] == [2, 1]


def test_the_ambarella_recorder_is_known_by_its_names(recorders: Path) -> None:
    found = matched(recorders / "ambarella")
    assert (found.family.name, found.recorder, found.officer) == ("ambarella", "00018123", None)
    listing = list_volume(FILES, str(recorders / "ambarella"))
    said = [found.classify(entry) for entry in listing.entries]
    assert sum(isinstance(one, Trace) for one in said) == 2
    numbered = [one.sequence for one in said if isinstance(one, Taken) and one.recorder]
    assert sorted(numbered, key=str) == [f"{number:04d}" for number in range(1, 14)]


def test_the_label_of_an_ambarella_card_is_evidence(tmp_path: Path) -> None:
    root = card(tmp_path / "card", "DCIM/251120/clip.mp4")
    assert matched(root, label="00018123").family.name == "ambarella"
    assert matched(root, label="00018123").recorder == "00018123"
    assert matched(root, label="CANON").family.name == "dcim"


@pytest.mark.parametrize(
    ("names", "family"),
    [
        ((f"{GAT}.MOV",), "gat947"),
        ((f"x/{GAT}_3.mp4", "x/other.mp4", "x/another.mp4"), "gat947"),
        ((f"x/{GAT}.mp4", "a.mp4", "b.mp4", "c.mp4"), "folder"),
        (("DCIM/100MEDIA/DSC_0001.MP4",), "dcim"),
        (("dcim/100media/dsc_0001.mp4",), "dcim"),
        (("DCIM/251120/00018123_00000020251120081500_0001.MP4",), "ambarella"),
        (("REC/voice.wav",), "folder"),
        ((), "folder"),
        # Full-width digits are no digits.
        (("４５００１２３_012345_20261120081500.mp4",), "folder"),
        # What a foreign computer left is no evidence.
        (("DCIM/100MEDIA/DSC_0001.MP4", f".Trashes/{GAT}.mp4"), "dcim"),
    ],
)
def test_a_card_is_of_the_most_specific_family(tmp_path: Path, names: tuple[str, ...], family: str) -> None:
    assert matched(card(tmp_path / "card", *names)).family.name == family


def test_a_bound_card_without_clips_is_the_same_recorder(tmp_path: Path) -> None:
    root = card(tmp_path / "card", ini="[bind]\nSerial = 4500123\nuser=012345\ndepartment=城关执法中队\n")
    found = matched(root)
    assert (found.family.name, found.recorder, found.officer) == ("bound", "4500123", "012345")


# ----------------------------------------------------------------------------------------------- whose it is


def test_the_binding_file_outweighs_names_and_the_disagreement_is_told(tmp_path: Path) -> None:
    names = [f"{serial}_012345_2026112008150{i}.mp4" for i, serial in enumerate(("4500123", "4500123", "4500999"))]
    unbound = matched(card(tmp_path / "unbound", *names))
    assert unbound.recorder == "4500123"
    assert "serials-disagree=4500123:2,4500999:1" in unbound.because
    bound = matched(card(tmp_path / "bound", *names, ini="serial=4500999\n"))
    assert bound.recorder == "4500999"
    assert "serials-disagree=4500123:2,4500999:1,binding:4500999" in bound.because
    assert taken(bound, names[0]).recorder == "4500123"


def test_a_label_that_every_card_carries_names_no_recorder(tmp_path: Path) -> None:
    root = card(tmp_path / "slot-3", "DCIM/100MEDIA/DSC_0001.MP4")
    assert matched(root, label="NO NAME").recorder == "slot-3"
    assert matched(root, label="Untitled").recorder == "slot-3"
    assert matched(root, label="CAM-17").recorder == "CAM-17"


def test_a_folder_with_an_unprintable_name_gives_a_printable_recorder(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\n"))
    root.mkdir()
    assert matched(root).recorder == "bad%FF%0A"


def test_officers_that_disagree_leave_the_recorder_unattributed(tmp_path: Path) -> None:
    shared = matched(card(tmp_path / "shared", f"{GAT}.mp4", GAT.replace("012345", "054321") + ".mp4"))
    assert shared.officer is None and "officers-in-names=2" in shared.because
    assert taken(shared, f"{GAT}.mp4").officer == "012345"
    against = matched(card(tmp_path / "against", f"{GAT}.mp4", ini="serial=4500123\nuser=099999\n"))
    assert against.officer is None and "officer-disagrees-with-binding" in against.because
    assert taken(against, f"{GAT}.mp4").officer is None
    named = matched(card(tmp_path / "named", f"{GAT}.mp4", ini="serial=4500123\nuser=张伟\n"))
    assert named.officer == "012345"


@pytest.mark.parametrize(
    "ini",
    [
        b"\xff\xfe\x00\x01" * 100,
        b"",
        b"serial=\x1b[2J\nuser=" + b"x" * 1000,
        b"serial=1\n" + b"#" * 70_000,
        b"[serial]\n=\n;serial=1\n",
    ],
)
def test_a_binding_file_that_says_nothing_usable_binds_nothing(tmp_path: Path, ini: bytes) -> None:
    found = matched(card(tmp_path / "card", f"{GAT}.mp4", ini=ini))
    assert (found.recorder, dict(found.binding)) == ("4500123", {})
    assert "binding=unusable" in found.because


def test_a_binding_file_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.ini"
    outside.write_text("serial=9999999\n")
    root = card(tmp_path / "card", f"{GAT}.mp4")
    (root / "station_bind.ini").symlink_to(outside)
    assert matched(root).recorder == "4500123"


# ----------------------------------------------------------------------------------------- what an entry is


@pytest.mark.parametrize(
    ("start", "claimed", "recorded", "doubt"),
    [
        ("20261120081500", "2026-11-20T08:15:00", "2026-11-20T00:15:00Z", None),
        ("20261123093400", "2026-11-23T09:34:00", "2026-11-23T01:34:00Z", None),
        ("20261123093600", "2026-11-23T09:36:00", None, "ahead-of-station"),
        ("19700101000000", "1970-01-01T00:00:00", None, "before-2012"),
        ("20000101000012", "2000-01-01T00:00:12", None, "before-2012"),
        ("20100101000000", "2010-01-01T00:00:00", None, "before-2012"),
        ("20120101075959", "2012-01-01T07:59:59", None, "before-2012"),
        ("20120101080000", "2012-01-01T08:00:00", "2012-01-01T00:00:00Z", None),
        ("20261332256199", None, None, "no-such-time"),
        ("00010101000000", "0001-01-01T00:00:00", None, "before-2012"),
        ("99991231235959", "9999-12-31T23:59:59", None, "ahead-of-station"),
    ],
)
def test_the_time_in_a_name_is_claimed_and_only_a_possible_one_is_believed(
    tmp_path: Path, start: str, claimed: str | None, recorded: str | None, doubt: str | None
) -> None:
    said = taken(matched(card(tmp_path / "card", f"{GAT}.mp4")), f"4500123_012345_{start}.mp4")
    assert (said.claimed_at, said.recorded_at, said.time_doubt) == (claimed, recorded, doubt)
    assert said.time_source == ("name" if claimed else None)


def test_an_hour_the_clock_had_twice_counts_as_the_later_one(tmp_path: Path) -> None:
    own = family_folder(tmp_path, zone="Europe/Berlin")
    found = matched(card(tmp_path / "card", "a_20261025023000.mp4"), families=load_families(str(own)))
    assert taken(found, "a_20261025023000.mp4").recorded_at == "2026-10-25T01:30:00Z"


@pytest.mark.parametrize(
    "path",
    [
        "System Volume Information/IndexerVolumeGuid",
        "system volume information/x/y.mp4",
        "$RECYCLE.BIN/S-1-5/x.mp4",
        ".Trashes/501/x.mp4",
        "DCIM/.DS_Store",
        "DCIM/100MEDIA/._DSC_0001.MP4",
        "._x.mp4",
        "autorun.inf",
        "AUTORUN.INF",
        "found.000/FILE0000.CHK",
    ],
)
@pytest.mark.duty("D23")
def test_traces_of_a_foreign_computer_are_told_apart(tmp_path: Path, path: str) -> None:
    for family in FAMILIES:
        assert family.traces.find(path) is not None
    found = matched(card(tmp_path / "card", f"{GAT}.mp4"))
    assert isinstance(found.classify(Listed(path.encode(), "file")), Trace)


@pytest.mark.parametrize("path", ["FIRMWARE.BIN", "mp4", ".mp4", "TIMESET.TXT", "time.txt"])
def test_what_a_family_does_not_know_is_unknown(tmp_path: Path, path: str) -> None:
    found = matched(card(tmp_path / "card", f"{GAT}.mp4"))
    assert isinstance(found.classify(Listed(path.encode(), "file")), Unknown)


def test_only_plain_files_are_clips_and_the_binding_file_is_never_cleared(tmp_path: Path) -> None:
    found = matched(card(tmp_path / "card", f"{GAT}.mp4", ini="serial=4500123\n"))
    for kind in ("symlink", "fifo", "socket", "char-device", "block-device", "unlistable"):
        assert found.classify(Listed(f"{GAT}.mp4".encode(), kind)) == Unknown(kind)
    assert taken(found, f"{GAT}.mp4").clearable
    binding = taken(found, "station_bind.ini")
    assert (binding.kind, binding.clearable) == ("binding", False)
    assert not any("binding" in family.clear for family in FAMILIES)


def test_every_entry_of_a_hostile_card_is_something(tmp_path: Path) -> None:
    root = tmp_path / "card"
    root.mkdir()
    tree = build(str(root))
    found = matched(root)
    assert found.family.name == "folder"
    for entry in list_volume(FILES, str(root)).entries:
        said = found.classify(entry)
        if isinstance(said, Taken):
            assert entry.path in tree.files


def test_files_of_real_cameras_are_taken_for_what_they_are(tmp_path: Path) -> None:
    folder = os.environ.get("DOCKD_REAL_MEDIA")
    names = sorted(os.listdir(folder)) if folder else ["a.jpg", "b.mp4", "c.avi", "d.3gp", "e.mov", "f.mts", "g.m4a"]
    kinds = {".jpg": "photo", ".mp4": "video", ".avi": "video", ".3gp": "video", ".mov": "video", ".mts": "video"}
    found = matched(card(tmp_path / "card", *names))
    for name in names:
        if not name.endswith(".md"):
            assert taken(found, name).kind == kinds.get(os.path.splitext(name)[1], "audio")


# ------------------------------------------------------------------------------------- the simulated recorders


def probed(path: Path) -> dict[str, object]:
    """What ffprobe says of a file."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
    said: dict[str, object] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return said


def test_simulated_clips_are_real_video_with_the_time_their_name_says(recorders: Path) -> None:
    path = next((recorders / "gat947").rglob("*_20251120081500.mp4"))
    said = probed(path)
    assert [stream["codec_name"] for stream in said["streams"]] == ["h264", "aac"]  # type: ignore[attr-defined]
    assert said["format"]["tags"]["creation_time"] == "2025-11-20T00:15:00.000000Z"  # type: ignore[index]


def test_simulated_ambarella_clips_carry_their_track_as_subtitles(recorders: Path) -> None:
    path = sorted((recorders / "ambarella").rglob("*.MP4"))[0]
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:s", "-f", "srt", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "$G:2025-11-20 08:45:00-N39.630867-E118.180194" in text


def test_a_recorder_that_is_built_already_is_left_alone_and_a_changed_one_is_made_anew(
    recorders: Path, tmp_path: Path
) -> None:
    shutil.copytree(recorders, tmp_path / "copy")
    out = tmp_path / "copy"
    volume = build_ambarella(out, "small")
    before = volume.stat().st_ino
    assert build_ambarella(out, "small").stat().st_ino == before
    next(volume.rglob("*.JPG")).unlink()
    assert len(list(build_ambarella(out, "small").rglob("*.JPG"))) == 1


def test_real_files_are_laid_beside_the_simulated_ones(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    made = clip(real / "holiday.mp4", 1)
    (real / "PROVENANCE.md").write_text("not a recording")
    volume = build_ambarella(tmp_path / "out", "small", real)
    added = volume / "DCIM" / "100MEDIA"
    assert [path.name for path in added.iterdir()] == ["holiday.mp4"]
    assert (added / "holiday.mp4").read_bytes() == made.read_bytes()
    assert matched(volume).family.name == "ambarella"
