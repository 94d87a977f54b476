"""Facts of generated recordings, of broken and hostile ones, and with parsers that hang, die or print without end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.jail import Jail, View
from catalog.media import Failure
from catalog.parsers import Tools, availability, ffprobe_arguments
from catalog.probe import Probe, Probed, ProbeLimits
from hashing.filecalls import OsFileCalls
from tests.simulators.people import people, run_as
from tests.simulators.probing import failures, make, probe, values

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n"

# Stands between us and the real exiftool, and does what the name of a file tells it to.
WILFUL_EXIFTOOL = r"""#!/usr/bin/perl
use IO::Handle;
open(my $exiftool, '|-', '/usr/bin/exiftool', @ARGV) or die;
$exiftool->autoflush(1);
while (my $line = <STDIN>) {
    sleep 600 if $line =~ /hang/;
    kill 9, $$ if $line =~ /die/;
    if ($line =~ /flood/) { print 'x' x 65536 while 1 }
    if ($line =~ /shout/) { print STDERR 'x' x 65536 while 1 }
    print $exiftool $line;
}
"""


@pytest.fixture(scope="session")
def recordings() -> Iterator[Path]:
    """A folder any user may look into: a video with sound, one with a GPS track, a sound, a photo."""
    folder = Path(tempfile.mkdtemp(prefix="clips-"))
    folder.chmod(0o755)
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=2"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"]
    h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    claims = ["-metadata", "creation_time=2026-11-20T08:15:30Z", "-metadata", "location=+39.7500+118.1250/"]
    make(folder / "video.mp4", *picture, *sound, *h264, "-c:a", "aac", "-shortest", *claims)
    lines = [f"{i + 1}\n00:00:0{i},000 --> 00:00:0{i + 1},000\n{line}\n" for i, line in enumerate(TRACK_LINES)]
    (folder / "track.srt").write_text("\n".join(lines))
    subtitles = ["-i", str(folder / "track.srt"), "-map", "0", "-map", "1", "-c:s", "mov_text"]
    make(folder / "track.mp4", *picture, *subtitles, *h264)
    make(folder / "sound.wav", *sound)
    make(folder / "photo.jpg", "-f", "lavfi", "-i", "testsrc=size=320x240", "-frames:v", "1")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A session's folder with the rights that the vault gives it."""
    path = tmp_path / "clips"
    path.mkdir(mode=0o750)
    return path


TRACK_LINES = (
    "$G:2026-11-20 08:15:30-N39.71-E118.12",
    "$G:2026-11-20 08:15:31-S33.85-W058.38",
    "$G:2026-11-20 08:15:32-N0.00-E0.00",
)


@pytest.mark.parametrize("who", people())
def test_a_recording_tells_what_it_is(recordings: Path, who: str) -> None:
    [probed] = run_as(who, lambda: probe(recordings, "video.mp4"))
    assert probed.failures == ()
    found = values(probed)
    assert found.pop("bit_rate") == (recordings / "video.mp4").stat().st_size * 8 // 2
    assert found.pop("encoder").startswith("Lavf")
    container, picture = found.pop("encoders")
    assert container.startswith("Lavf") and picture.startswith("Lavc") and picture.endswith("libx264")
    assert found == {
        "duration": 2000,
        "video_codec": "h264",
        "audio_codec": "aac",
        "width": 320,
        "height": 240,
        "frame_rate": "25/1",
        "created": "2026-11-20T08:15:30",
        "gps_point": {"lat": "39.75", "lon": "118.125"},
        "container": "MP4",
        "mime": "video/mp4",
        "streams": ["0 video h264", "1 audio aac"],
        "modified": "2026-11-20T08:15:30",
        "indexed": "yes",
        "edit_lists": 0,
        "time_jumps": [],
    }
    sources = {fact.name: fact.source for fact in probed.facts}
    assert sources["duration"].startswith("ffprobe ") and sources["duration"].endswith(" format.duration")
    assert sources["created"].startswith("exiftool ") and sources["created"].endswith(" QuickTime:CreateDate")


def test_a_subtitle_track_becomes_a_gps_track(recordings: Path) -> None:
    [probed] = probe(recordings, "track.mp4")
    found = values(probed)
    assert found["gps_track"] == [
        ["2026-11-20T08:15:30", "39.71", "118.12"],
        ["2026-11-20T08:15:31", "-33.85", "-58.38"],
    ]
    assert found["gps_track_points"] == 2
    assert "gps_point" not in found
    assert "created" not in found
    assert probed.failures == (Failure("ffmpeg", "1 of 3 track lines: position 0,0"),)
    [source] = [fact.source for fact in probed.facts if fact.name == "gps_track"]
    assert source.startswith("ffmpeg ") and source.endswith(" stream 1 mov_text $G")


def test_a_sound_and_a_photo_tell_what_they_are(recordings: Path) -> None:
    [sound] = probe(recordings, "sound.wav", kind="audio")
    found = values(sound)
    assert (found["duration"], found["audio_codec"], found["container"]) == (2000, "pcm_s16le", "WAV")
    assert sound.failures == ()
    [photo] = probe(recordings, "photo.jpg", kind="photo")
    assert (values(photo), photo.failures) == (
        {"container": "JPEG", "mime": "image/jpeg", "width": 320, "height": 240},
        (),
    )


def test_facts_behind_an_atom_of_five_gigabytes_are_found(recordings: Path, folder: Path) -> None:
    """As a long recording lies on a card: ftyp, a huge mdat, then moov. The hole takes no room."""
    whole = (recordings / "video.mp4").read_bytes()
    mdat, moov = whole.index(b"mdat") - 4, whole.index(b"moov") - 4
    assert mdat < moov
    size = 5 << 30
    with open(folder / "long.mp4", "wb") as file:
        file.write(whole[:mdat] + (1).to_bytes(4, "big") + b"mdat" + size.to_bytes(8, "big"))
        file.seek(mdat + size)
        file.write(whole[moov:])
    [probed] = probe(folder, "long.mp4")
    assert [fact.source[-20:] for fact in probed.facts if fact.name == "created"] == ["QuickTime:CreateDate"]
    assert values(probed)["duration"] == 2000


def test_of_an_empty_file_it_is_known_that_it_was_not_ended(folder: Path) -> None:
    (folder / "empty.mp4").touch()
    [probed] = probe(folder, "empty.mp4")
    assert values(probed) == {"indexed": "no"}
    assert failures(probed)["exiftool"] == "File is empty"
    assert "ffprobe" in failures(probed)


def test_a_recording_cut_off_before_its_index_keeps_what_can_be_known(recordings: Path, folder: Path) -> None:
    whole = (recordings / "video.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    [probed] = probe(folder, "cut.mp4")
    found = values(probed)
    assert (found["mime"], found["warning"][:9]) == ("video/mp4", "Truncated")
    assert found["indexed"] == "no"
    assert "duration" not in found and "time_jumps" not in found
    assert failures(probed)["ffprobe"].startswith("moov atom not found")


def test_a_hole_in_the_time_of_a_recording_is_found_unless_nobody_wants_it_read(recordings: Path, folder: Path) -> None:
    late = ["-bsf:v", "setts=ts=TS+gte(N\\,20)*3/TB"]
    make(folder / "late.mp4", "-i", str(recordings / "video.mp4"), "-c", "copy", *late)
    make(folder / "hole.mp4", "-i", str(folder / "late.mp4"), "-c", "copy")
    [probed] = probe(folder, "hole.mp4")
    [[stream, kind, at_ms, length_ms]] = values(probed)["time_jumps"]
    assert (stream, kind) == ("0", "video")
    assert int(at_ms) == pytest.approx(760, abs=60) and int(length_ms) == pytest.approx(3_040, abs=60)
    [unread] = probe(folder, "hole.mp4", limits=ProbeLimits(packets=False))
    assert "time_jumps" not in values(unread) and unread.failures == ()


def test_packets_that_take_too_long_cost_only_the_jumps(recordings: Path, tmp_path: Path, folder: Path) -> None:
    """A ffprobe that lists packets without end: the box ends it, and what else is known stays."""
    slow = tmp_path / "ffprobe"
    slow.write_text(
        '#!/bin/sh\ncase "$*" in *packet=*) while :; do echo packet; done;; esac\nexec /usr/bin/ffprobe "$@"\n'
    )
    slow.chmod(0o755)
    tmp_path.chmod(0o755)
    shutil.copy(recordings / "video.mp4", folder)
    limits = ProbeLimits(timeout_s=5.0, output_limit_bytes=1 << 16)
    [probed] = probe(folder, "video.mp4", tools=Tools(ffprobe=str(slow)), limits=limits)
    assert values(probed)["duration"] == 2000
    assert "time_jumps" not in values(probed)
    assert failures(probed)["ffprobe"].startswith("printed more than ")


def test_a_text_under_a_videos_name_is_a_text(folder: Path) -> None:
    (folder / "words.mp4").write_text("nothing but words\n" * 50)
    [probed] = probe(folder, "words.mp4")
    assert values(probed) == {"container": "TXT", "mime": "text/plain"}
    assert set(failures(probed)) == {"ffprobe"}


@pytest.mark.parametrize(
    "text",
    [PLAYLIST, "ffconcat version 1.0\nfile '{target}'\n", "<MPD><BaseURL>{target}</BaseURL></MPD>"],
)
@pytest.mark.parametrize("target", ["{folder}/video.mp4", "file://{folder}/video.mp4", "video.mp4", "/clips/video.mp4"])
def test_a_playlist_under_a_videos_name_opens_no_other_file(
    recordings: Path, folder: Path, text: str, target: str
) -> None:
    shutil.copy(recordings / "video.mp4", folder)
    (folder / "list.mp4").write_text(text.format(target=target.format(folder=folder)))
    [probed] = probe(folder, "list.mp4")
    assert not {"duration", "video_codec", "width"} & values(probed).keys()
    assert set(failures(probed)) == {"ffprobe"}


def test_ffprobe_refuses_a_playlist_even_where_it_could_see_the_other_file(recordings: Path, tmp_path: Path) -> None:
    shutil.copy(recordings / "video.mp4", tmp_path)
    (tmp_path / "list.mp4").write_text(PLAYLIST.format(target="video.mp4"))
    tmp_path.chmod(0o755)
    jail = Jail([View(str(tmp_path), "/clip")])
    ran = jail.run(["/usr/bin/ffprobe", *ffprobe_arguments("/clip/list.mp4")], 20.0, 1 << 20)
    assert ran.exit_code != 0
    assert b"not on whitelist" in ran.stderr_tail
    assert b"duration" not in ran.stdout


@pytest.mark.parametrize(
    "name", [b"-ver", b"a\nb.mp4", b"\xff\xfe.mp4", b"x|", b" $(id) '\"`.mp4 ", "执法 0001.MP4".encode()]
)
def test_the_bytes_of_a_name_do_not_matter(recordings: Path, folder: Path, name: bytes) -> None:
    path = os.fsencode(folder) + b"/" + name
    shutil.copy(recordings / "video.mp4", os.fsdecode(path))
    with Probe(str(folder), files=OsFileCalls()) as opened:
        probed = opened.facts(path, "video")
    assert probed.failures == ()
    assert values(probed)["duration"] == 2000
    assert values(probed)["created"] == "2026-11-20T08:15:30"


def test_a_file_outside_the_folder_is_read_in_a_box_of_its_own(recordings: Path, folder: Path) -> None:
    with Probe(str(folder), files=OsFileCalls()) as opened:
        probed = opened.facts(str(recordings / "photo.jpg"), "photo")
    assert (values(probed)["width"], probed.failures) == (320, ())


def test_only_plain_files_are_looked_at(recordings: Path, folder: Path) -> None:
    (folder / "link.mp4").symlink_to(recordings / "video.mp4")
    os.mkfifo(folder / "fifo.mp4")
    (folder / "folder.mp4").mkdir()
    for probed in probe(folder, "link.mp4", "fifo.mp4", "folder.mp4"):
        assert probed == Probed((), (Failure("file", "not a regular file"),))
    assert probe(folder, "gone.mp4") == [Probed((), (Failure("file", "No such file or directory"),))]


def test_originals_are_read_as_the_vault_keeps_them(recordings: Path, folder: Path) -> None:
    inner = folder / "DCIM"
    inner.mkdir(mode=0o750)
    shutil.copy(recordings / "video.mp4", inner)
    (inner / "video.mp4").chmod(0o440)
    folder.parent.chmod(0o700)
    with Probe(str(folder), files=OsFileCalls()) as opened:
        probed = opened.facts(str(inner / "video.mp4"), "video")
    assert (probed.failures, values(probed)["duration"]) == ((), 2000)


@pytest.fixture
def wilful(tmp_path: Path) -> Tools:
    """Tools with an exiftool that hangs, dies or prints without end when a file's name says so."""
    path = tmp_path / "wilful-exiftool"
    path.write_text(WILFUL_EXIFTOOL)
    path.chmod(0o755)
    return Tools(exiftool=str(path))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hang.mp4", "no answer in 1.5 s"),
        ("die.mp4", "died"),
        ("flood.mp4", "printed more than 300000 bytes"),
        ("shout.mp4", "printed more than 300000 bytes"),
    ],
)
def test_a_file_that_breaks_exiftool_costs_only_its_own_facts(
    recordings: Path, folder: Path, wilful: Tools, name: str, reason: str
) -> None:
    for each in ("a.mp4", name, "z.mp4"):
        shutil.copy(recordings / "video.mp4", folder / each)
    limits = ProbeLimits(timeout_s=1.5, output_limit_bytes=300_000)
    first, broken, last = probe(folder, "a.mp4", name, "z.mp4", tools=wilful, limits=limits)
    assert first.failures == last.failures == ()
    assert first.facts == last.facts
    assert values(first)["created"] == "2026-11-20T08:15:30"
    assert broken.failures == (Failure("exiftool", reason),)
    assert (values(broken)["duration"], values(broken)["width"]) == (2000, 320)


def test_exiftool_is_started_anew_after_so_many_files(recordings: Path) -> None:
    names = ["video.mp4", "photo.jpg", "track.mp4", "sound.wav", "video.mp4"]
    once = probe(recordings, *names)
    starts: list[bytes] = []
    with Probe(str(recordings), files=OsFileCalls(), limits=ProbeLimits(files_each=2)) as opened:
        for name, expected in zip(names, once, strict=True):
            assert opened.facts(str(recordings / name), "video") == expected
            starts += [pid for pid in _boxes_of(os.getpid()) if pid not in starts]
    assert len(starts) == 3
    assert _boxes_of(os.getpid()) == []


def _boxes_of(parent: int) -> list[bytes]:
    """The bubblewraps that we are the parent of."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_bytes().split()
    return [child for child in children if Path(f"/proc/{child.decode()}/comm").read_bytes() == b"bwrap\n"]


def _tool(path: Path, script: str) -> str:
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 3\n", "#!/no/such/shell\n", "#!/bin/sh\nexec sleep 600\n"])
def test_an_exiftool_that_does_not_start_leaves_ffprobes_facts(recordings: Path, tmp_path: Path, script: str) -> None:
    tools = Tools(exiftool=_tool(tmp_path / "exiftool", script))
    limits = ProbeLimits(timeout_s=1.5)
    for probed in probe(recordings, "video.mp4", "video.mp4", tools=tools, limits=limits):
        assert set(failures(probed)) == {"exiftool"}
        assert values(probed)["duration"] == 2000
        assert values(probed)["gps_point"] == {"lat": "39.75", "lon": "118.125"}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("#!/bin/sh\nexec sleep 600\n", "no answer in 1.5 s"),
        ("#!/bin/sh\nexec yes\n", "printed more than 300000 bytes"),
        ("#!/bin/sh\nkill -9 $$\n", "exit code 137"),
        ("#!/bin/sh\nexit 0\n", "answer is not the JSON we asked for"),
        ("#!/usr/bin/perl\nmy $n = 1 << 33; my $x = 'a' x $n;\n", "out of memory"),
    ],
)
def test_an_ffprobe_that_breaks_leaves_exiftools_facts(
    recordings: Path, tmp_path: Path, script: str, reason: str
) -> None:
    tools = Tools(ffprobe=_tool(tmp_path / "ffprobe", script))
    limits = ProbeLimits(timeout_s=1.5, output_limit_bytes=300_000)
    [probed] = probe(recordings, "video.mp4", tools=tools, limits=limits)
    assert failures(probed)["ffprobe"].startswith(reason)
    assert values(probed)["created"] == "2026-11-20T08:15:30"
    assert values(probed)["duration"] == 2000


def test_without_a_box_no_parser_runs(recordings: Path) -> None:
    [probed] = probe(recordings, "video.mp4", tools=Tools(bwrap="/usr/bin/no-bwrap-here"))
    assert set(values(probed)) == {"indexed", "edit_lists"}
    assert set(failures(probed)) == {"exiftool", "ffprobe"}


def test_no_descriptor_is_left_open(recordings: Path, wilful: Tools, folder: Path) -> None:
    shutil.copy(recordings / "photo.jpg", folder / "die.jpg")
    before = set(os.listdir("/proc/self/fd"))
    probe(recordings, "video.mp4", "track.mp4")
    probe(folder, "die.jpg", "die.jpg", kind="photo", tools=wilful)
    assert set(os.listdir("/proc/self/fd")) == before


def test_available_tools_tell_their_versions() -> None:
    found = availability()
    assert found.box_works
    versions = {tool.name: tool.version for tool in found.tools}
    ours = subprocess.run(["exiftool", "-ver"], capture_output=True, text=True, check=True).stdout.strip()
    assert versions["exiftool"] == ours
    assert set(versions) == {"bwrap", "exiftool", "ffprobe", "ffmpeg"}
    assert all(version and version[0].isdigit() for version in versions.values())
    assert {tool.problem for tool in found.tools} == {None}


def test_missing_tools_are_told() -> None:
    found = availability(Tools(exiftool="/usr/bin/no-exiftool-here"))
    states = {tool.name: tool for tool in found.tools}
    assert found.box_works
    assert states["exiftool"].version is None
    assert "no-exiftool-here" in str(states["exiftool"].problem)
    assert states["ffprobe"].problem is None


@pytest.mark.parametrize("bwrap", ["/usr/bin/no-bwrap-here", "/usr/bin/false"])
def test_a_box_that_does_not_work_is_told(bwrap: str) -> None:
    found = availability(Tools(bwrap=bwrap))
    assert not found.box_works
    assert all(tool.problem is not None for tool in found.tools)
