"""What a station needs, checked: a healthy one, and one poor in each way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import Unsafe, UnsafeDatabase
from dockd import i18n
from dockd.abilities import abilities_of, filesystem_of
from dockd.checks import Check, State, as_json, as_lines, exit_code
from dockd.config import Config, Home
from dockd.config_file import default_text, load
from dockd.doctor import (
    Surroundings,
    ability_check,
    clock_check,
    examine,
    kind_check,
    language_check,
    space_check,
)
from dockd.doctor_tools import TOOLS, Ran, python_check, run_program, tool_check, version_in
from dockd.exits import Exit
from hashing.filecalls import OsFileCalls


@pytest.fixture
def home(tmp_path: Path) -> Home:
    station = Home.at(str(tmp_path))
    (tmp_path / "dockd.toml").write_text(default_text())
    (tmp_path / "vault" / ".partial").mkdir(parents=True)
    os.mkdir(station.keys_dir, 0o700)
    os.close(os.open(station.key_file, os.O_CREAT | os.O_WRONLY, 0o600))
    return station


def healthy(_command: Sequence[str]) -> Ran:
    return Ran(0, "version 99.1")


@pytest.fixture
def around() -> Surroundings:
    """A machine that has everything: what it lacks, each test takes away."""
    return Surroundings(OsFileCalls(), load, lambda _home, _config: "SQLite, safe", lambda: True, run=healthy)


def named(checks: Sequence[Check]) -> dict[str, Check]:
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


def test_the_tools_of_this_machine_are_found_and_a_box_can_be_made(home: Home, around: Surroundings) -> None:
    found = named(examine(home, replace(around, run=run_program)))
    for name in [*(tool.name for tool in TOOLS), "box", "python", "settings", "key", "vault-abilities"]:
        assert found[name].state is State.OK, found[name]


def test_a_well_kept_station_has_no_failure_and_nothing_is_left_in_its_vault(home: Home, around: Surroundings) -> None:
    checks = examine(home, around)
    assert exit_code(checks) is Exit.OK
    assert os.listdir(Config().vault_dir(home)) == [".partial"]
    assert os.listdir(os.path.join(Config().vault_dir(home), ".partial")) == []


def test_whatever_is_not_well_has_a_hint(home: Home, around: Surroundings) -> None:
    poor = replace(around, run=lambda _command: None, clock_synced=lambda: None, python=(3, 9, 18))
    checks = examine(home, poor)
    assert [check for check in checks if check.state is not State.OK and not check.hint] == []
    assert named(checks)["python"].state is State.FAIL
    assert named(checks)["exiftool"].state is State.FAIL
    assert named(checks)["b3sum"].state is State.WARN
    assert named(checks)["clock"].state is State.WARN
    assert exit_code(checks) is Exit.TOOL


def test_faults_of_the_settings_are_told_and_what_rests_on_them_is_left_out(home: Home, around: Surroundings) -> None:
    Path(home.config_file).write_text("[dock]\nparallel = 0\nclears = 1\n")
    checks = examine(home, around)
    assert "line 2" in named(checks)["settings"].found
    assert "line 3" in named(checks)["settings"].found
    assert exit_code(checks) is Exit.SETTINGS
    assert "database" not in named(checks)


def test_a_folder_without_a_station_says_how_to_make_one(tmp_path: Path, around: Surroundings) -> None:
    checks = examine(Home.at(str(tmp_path)), around)
    assert "init" in named(checks)["settings"].hint
    assert exit_code(checks) is Exit.HOME


def test_an_unsafe_database_is_a_failure_with_all_its_findings(home: Home, around: Surroundings) -> None:
    def unsafe(_home: Home, _config: Config) -> str:
        raise UnsafeDatabase([Unsafe("synchronous", "OFF", "FULL"), Unsafe("trigger custody", "none", "as made")])

    checks = examine(home, replace(around, open_database=unsafe))
    assert "synchronous" in named(checks)["database"].found
    assert "trigger custody" in named(checks)["database"].found
    assert exit_code(checks) is Exit.CATALOGUE


def test_a_database_driver_that_breaks_does_not_stop_the_doctor(home: Home, around: Surroundings) -> None:
    def broken(_home: Home, _config: Config) -> str:
        raise ZeroDivisionError

    checks = examine(home, replace(around, open_database=broken))
    assert named(checks)["database"].state is State.FAIL
    assert checks[-1].name == "language"


def test_a_key_that_others_may_read_is_a_failure(home: Home, around: Surroundings) -> None:
    os.chmod(home.key_file, 0o640)
    check = named(examine(home, around))["key"]
    assert (check.state, check.hint) == (State.FAIL, f"chmod go= {home.key_file}")
    os.unlink(home.key_file)
    assert named(examine(home, around))["key"].exit_code is Exit.HOME


def test_a_key_of_another_user_is_pointed_out(home: Home, around: Surroundings) -> None:
    assert named(examine(home, replace(around, user=os.geteuid() + 1)))["key"].state is State.WARN


def test_a_password_that_lies_open_is_a_failure(home: Home, around: Surroundings) -> None:
    text = default_text(database__url="postgresql://dockd:hunter2@db/cat")
    Path(home.config_file).write_text(text)
    os.chmod(home.config_file, 0o644)
    checks = examine(home, around)
    assert named(checks)["password"].state is State.FAIL
    assert "hunter2" not in str(as_json(checks))
    os.chmod(home.config_file, 0o600)
    assert named(examine(home, around))["password"].state is State.OK


def test_a_vault_that_is_not_there_is_a_failure(home: Home, around: Surroundings) -> None:
    Path(home.config_file).write_text('[vault]\npath = "elsewhere"\n')
    check = named(examine(home, around))["vault"]
    assert (check.state, check.exit_code) == (State.FAIL, Exit.VAULT)


@pytest.mark.parametrize(
    ("free_mib", "state"), [(1023, State.FAIL), (1024, State.WARN), (10239, State.WARN), (10240, State.OK)]
)
def test_room_is_weighed_against_the_floor(free_mib: int, state: State) -> None:
    assert space_check(free_mib, 1024).state is state


def test_a_disk_that_would_forget_is_pointed_out() -> None:
    for kind in ("tmpfs", "overlay", "vfat"):
        assert kind_check(kind).state is State.WARN
        assert kind_check(kind).hint
    assert kind_check("ext4").state is State.OK


MOUNTS = b"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /srv rw - tmpfs tmpfs rw
31 30 8:1 / /srv/vault\\040one rw,relatime - xfs /dev/sda1 rw
32 30 8:17 / /srv/vault\\040one rw,relatime - btrfs /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/vault one/clips", "btrfs"),
        ("/srv/vault one", "btrfs"),
        ("/srv/vault one more", "tmpfs"),
        ("/srv", "tmpfs"),
        ("/srvx", "ext4"),
        ("/", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_innermost_mount_seen_last(path: str, kind: str) -> None:
    assert filesystem_of(MOUNTS, path) == kind


def test_the_file_system_here_is_the_one_that_stat_names(tmp_path: Path) -> None:
    ran = run_program(["findmnt", "-n", "-o", "FSTYPE", "-T", str(tmp_path)])
    assert ran is not None
    with open("/proc/self/mountinfo", "rb") as file:
        assert filesystem_of(file.read(), str(tmp_path.resolve())) == ran.said.strip()


class Failing(OsFileCalls):
    """The kernel's calls, but for one that fails."""

    def __init__(self, call: str, number: int) -> None:
        def fail(*_arguments: object, **_names: object) -> int:
            raise OSError(number, os.strerror(number))

        setattr(self, call, fail)


class Replacing(OsFileCalls):
    """A file system whose rename replaces, whatever it is asked."""

    def move_new(self, source: str | bytes, target: str | bytes) -> None:
        os.rename(source, target)


@pytest.mark.parametrize(
    ("files", "state"),
    [
        (Failing("fsync", errno.EIO), State.FAIL),
        (Failing("open", errno.EACCES), State.FAIL),
        (Failing("pwrite", errno.ENOSPC), State.FAIL),
        (Failing("unlink", errno.EPERM), State.FAIL),
        (Failing("preadv", errno.EINVAL), State.WARN),
        (Replacing(), State.FAIL),
    ],
    ids=["fsync", "open", "pwrite", "unlink", "preadv", "replacing"],
)
def test_a_disk_that_cannot_do_what_a_vault_needs_is_told(tmp_path: Path, files: OsFileCalls, state: State) -> None:
    check = ability_check(str(tmp_path), files)
    assert check.state is state
    assert check.hint


def test_trying_a_disk_leaves_nothing_behind_when_a_call_fails(tmp_path: Path) -> None:
    assert not abilities_of(Failing("fsync", errno.EIO), str(tmp_path), "1").fsync
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("12.57\n", "12.57"),
        ("ffprobe version 5.1.9-0+deb12u1 Copyright (c) 2007", "5.1.9"),
        ("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19", "9.2"),
        ("bubblewrap 0.8.0", "0.8.0"),
        ("nonsense\nmore", "nonsense"),
    ],
)
def test_versions_are_found_in_what_programs_say(said: str, version: str) -> None:
    assert version_in(said) == version


def saying(code: int, text: str) -> Callable[[Sequence[str]], Ran]:
    return lambda _command: Ran(code, text)


def test_a_tool_that_is_too_old_or_does_not_run_is_told() -> None:
    exiftool = TOOLS[0]
    assert tool_check(exiftool, "exiftool", saying(0, "12.23")).state is State.FAIL
    assert tool_check(exiftool, "exiftool", saying(0, "12.24")).state is State.OK
    assert tool_check(exiftool, "exiftool", saying(0, "13.1")).state is State.OK
    assert tool_check(exiftool, "exiftool", saying(2, "Can't locate Image/ExifTool.pm")).state is State.FAIL


def test_a_program_of_the_settings_is_asked_in_place_of_the_usual_one() -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> Ran:
        asked.append(command)
        return Ran(0, "13.0")

    tool_check(TOOLS[0], "/opt/exiftool/exiftool", run)
    assert asked == [["/opt/exiftool/exiftool", "-ver"]]


def test_a_program_that_is_not_there_or_hangs_is_no_answer() -> None:
    assert run_program(["/nonexistent/program"]) is None
    assert run_program(["cat"]) == Ran(0, "")


def test_a_clock_that_nobody_vouches_for_is_a_warning_and_no_failure() -> None:
    assert [clock_check(synced).state for synced in (True, False, None)] == [State.OK, State.WARN, State.WARN]


def test_python_is_measured_by_number_and_not_by_letter() -> None:
    assert python_check((3, 9, 18)).state is State.FAIL
    assert python_check((3, 12, 1)).state is State.OK


def test_messages_that_were_not_compiled_are_a_warning(tmp_path: Path) -> None:
    try:
        i18n.set_language("zh_CN", {}, str(tmp_path))
        assert language_check().state is State.WARN
    finally:
        i18n.set_language("en", {})


def test_each_check_is_one_line_and_its_hint_another(home: Home, around: Surroundings) -> None:
    checks = examine(home, replace(around, clock_synced=lambda: None))
    lines = as_lines(checks)
    assert len(lines) == len(checks) + sum(1 for check in checks if check.hint)
    assert all(set(one) == {"name", "state", "found", "hint"} for one in as_json(checks))
