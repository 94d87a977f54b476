"""The box against what a hostile parser would try, as root and as an ordinary user."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.jail import Jail, Limits, Ran, View
from tests.simulators.people import people, run_as

Box = Callable[..., Ran]

PERL = "/usr/bin/perl"
SH = "/usr/bin/sh"


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that any user of the machine may look into."""
    path = Path(tempfile.mkdtemp(prefix="shelf-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def clip(shelf: Path) -> Path:
    (shelf / "sibling.mp4").write_bytes(b"what the parser must not see")
    path = shelf / "clip.mp4"
    path.write_bytes(b"the clip")
    return path


@pytest.fixture(params=people())
def box(request: pytest.FixtureRequest, clip: Path) -> Box:
    """Runs a command in a box that shows one clip, as root and as an ordinary user."""

    def run(*argv: str, limits: Limits | None = None, timeout_s: float = 20.0, output_bytes: int = 65536) -> Ran:
        jail = Jail([View(str(clip), "/clip/media.mp4")], limits or Limits())
        return run_as(request.param, lambda: jail.run(argv, timeout_s, output_bytes))

    return run


def is_gone(mark: str) -> bool:
    """Whether no process of this machine has `mark` in its command line any more.

    The kernel ends a process namespace behind its first process, so a moment may pass.
    """
    for _ in range(1000):
        if not any(mark.encode() in words for words in map(_words, filter(str.isdigit, os.listdir("/proc")))):
            return True
        time.sleep(0.01)
    return False


def _words(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""


def test_the_clip_is_there_and_can_be_read(box: Box) -> None:
    ran = box("/usr/bin/cat", "/clip/media.mp4")
    assert (ran.stdout, ran.stderr_tail, ran.exit_code, ran.limited) == (b"the clip", b"", 0, None)


def test_the_tool_is_nobody_without_any_capability(box: Box) -> None:
    ran = box(SH, "-c", "id -u; grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs)' /proc/self/status")
    uid, *rights = ran.stdout.decode().splitlines()
    assert uid == "65534"
    assert {line.split()[1] for line in rights} == {"0" * 16, "1"}


def test_nothing_else_of_the_station_can_be_seen(box: Box, clip: Path) -> None:
    assert box("/usr/bin/ls", "/clip").stdout == b"media.mp4\n"
    ran = box(SH, "-c", "ls -d /*; ls /etc")
    shown = set(ran.stdout.decode().split())
    assert shown <= {
        *("/bin", "/clip", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/tmp", "/usr"),
        "alternatives",
    }
    for path in ("/etc/shadow", "/etc/passwd", str(clip), str(clip.parent / "sibling.mp4"), "/clip/../sibling.mp4"):
        ran = box("/usr/bin/cat", path)
        assert (ran.stdout, ran.exit_code) == (b"", 1), path


@pytest.mark.parametrize("path", ["/x", "/usr/x", "/usr/bin/x", "/etc/x", "/dev/x", "/dev/shm/x", "/clip/x"])
def test_nothing_can_be_written(box: Box, path: str) -> None:
    assert box("/usr/bin/touch", path).exit_code == 1
    assert not Path(path).exists()


def test_the_clip_cannot_be_changed(box: Box, clip: Path) -> None:
    clip.chmod(0o666)
    for command in ("echo x >> /clip/media.mp4", "rm -f /clip/media.mp4", "chmod 777 /clip/media.mp4"):
        assert box(SH, "-c", command).exit_code != 0, command
    assert clip.read_bytes() == b"the clip"


def test_kernel_settings_cannot_be_written(box: Box) -> None:
    before = Path("/proc/sys/kernel/core_pattern").read_bytes()
    assert box(SH, "-c", "echo '|/tmp/x' > /proc/sys/kernel/core_pattern").exit_code != 0
    assert Path("/proc/sys/kernel/core_pattern").read_bytes() == before


def test_there_is_no_network(box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = "socket(S,2,1,0) or die; connect(S,pack('Sna4x8',2,shift,inet_aton(shift))) or die qq(no: $!)"
        ran = box(PERL, "-MSocket", "-e", program, str(port), "127.0.0.1")
        assert b"no: " in ran.stderr_tail
        ran = box(PERL, "-MSocket", "-e", program, "53", "192.0.2.1")
        assert b"no: Network is unreachable" in ran.stderr_tail
    ran = box("/usr/bin/cat", "/proc/net/dev")
    assert [line.split(b":")[0].strip() for line in ran.stdout.splitlines()[2:]] == [b"lo"]


def test_other_processes_cannot_be_seen(box: Box) -> None:
    ran = box(SH, "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert b"pytest" not in ran.stdout
    assert len(box(SH, "-c", "ls -d /proc/[0-9]*").stdout.split()) <= 4


def test_the_environment_is_empty(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hush")
    names = {line.split(b"=")[0] for line in box("/usr/bin/env").stdout.splitlines()}
    assert names <= {b"PATH", b"LC_ALL", b"HOME", b"PWD"}


def test_forking_stops_at_the_limit_and_leaves_nothing(box: Box) -> None:
    program = "for (1..500) { my $p = fork; last unless defined $p; if (!$p) { sleep 600 } $n++ } print $n"
    ran = box(PERL, "-e", program, "forks-without-end", limits=Limits(processes=20))
    assert 0 < int(ran.stdout) < 20
    assert is_gone("forks-without-end")


def test_a_fork_bomb_ends_with_its_box(box: Box) -> None:
    ran = box(PERL, "-e", "while (1) { fork }", "fork-bomb", timeout_s=0.5)
    assert ran.limited == "time"
    assert is_gone("fork-bomb")


def test_eating_memory_is_refused(box: Box) -> None:
    ran = box(PERL, "-e", "my $x = 'a' x shift; print length $x", str(1 << 28), limits=Limits(memory_bytes=1 << 27))
    assert (ran.stdout, ran.limited) == (b"", "memory")


@pytest.mark.parametrize("stream", ["1", "2"])
def test_printing_without_end_is_cut_off(box: Box, stream: str) -> None:
    ran = box(SH, "-c", f"exec yes >&{stream}", output_bytes=100_000)
    assert ran.limited == "output"
    assert len(ran.stdout) == (100_000 if stream == "1" else 0)
    assert len(ran.stderr_tail) <= 4096


def test_hanging_ends_with_the_time(box: Box) -> None:
    ran = box(PERL, "-e", "$| = 1; print 'so far'; sleep 600", "hangs-for-ever", timeout_s=0.5)
    assert (ran.stdout, ran.limited) == (b"so far", "time")
    assert ran.exit_code < 0
    assert is_gone("hangs-for-ever")


def test_hanging_behind_closed_streams_ends_with_the_time(box: Box) -> None:
    ran = box(PERL, "-e", "close STDOUT; close STDERR; sleep 600", "hides-and-hangs", timeout_s=0.5)
    assert ran.limited == "time"
    assert is_gone("hides-and-hangs")


def test_a_process_that_goes_to_the_background_ends_with_its_box(box: Box) -> None:
    ran = box(SH, "-c", "setsid sleep 612 >/dev/null 2>&1 & echo done", "stays-behind")
    assert ran.stdout == b"done\n"
    assert is_gone("sleep\x00612")


def test_burning_the_processor_ends_with_the_processor_time(box: Box) -> None:
    ran = box(PERL, "-e", "1 while 1", limits=Limits(cpu_s=1), timeout_s=60.0)
    assert ran.limited == "time"


def test_the_room_for_temporary_files_is_small(box: Box) -> None:
    command = "dd if=/dev/zero of=/tmp/a bs=64k count=100; dd if=/dev/zero of=/tmp/b bs=64k count=100; du -sk /tmp"
    ran = box(SH, "-c", command, limits=Limits(tmp_bytes=1 << 20, file_bytes=1 << 19))
    assert int(ran.stdout.split()[0]) <= 1024


def test_an_ordinary_users_box_cannot_make_another_user_namespace(clip: Path) -> None:
    ran = run_as("ordinary", lambda: Jail().run(["/usr/bin/unshare", "--user", "/usr/bin/true"], 20.0, 65536))
    assert ran.exit_code != 0


@pytest.mark.parametrize("who", people())
@pytest.mark.parametrize("name", [b"-rf", b"a\nb.mp4", b"\xff\xfe \xe8.mp4", b"'\"`$(id)|", b"n" * 255])
def test_the_bytes_of_a_name_do_not_matter(shelf: Path, who: str, name: bytes) -> None:
    path = os.fsencode(shelf) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"its bytes")
    jail = Jail([View(path, "/clip/media")])
    assert run_as(who, lambda: jail.run(["/usr/bin/cat", "/clip/media"], 20.0, 65536)).stdout == b"its bytes"


if os.geteuid() == 0:  # an ordinary user has no other rights to hand on than its own

    def test_roots_box_reads_an_original_by_its_group_only(tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        original = tmp_path / "original.mp4"
        original.write_bytes(b"0440")
        original.chmod(0o440)
        view = View(str(original), "/clip/media.mp4")
        argv = ["/usr/bin/cat", "/clip/media.mp4"]
        assert Jail([view], group_id=original.stat().st_gid).run(argv, 20.0, 65536).stdout == b"0440"
        assert Jail([view]).run(argv, 20.0, 65536).exit_code == 1


def test_a_tool_that_is_not_there_is_an_exit_code(box: Box) -> None:
    ran = box("/usr/bin/no-such-parser")
    assert ran.exit_code != 0
    assert b"no-such-parser" in ran.stderr_tail


def test_without_bubblewrap_nothing_runs() -> None:
    with pytest.raises(FileNotFoundError):
        Jail(bwrap="/usr/bin/no-bwrap-here").run(["/usr/bin/true"], 20.0, 65536)
