"""The package of a station, looked into: what it carries and asks for. Installing it is the machine test's."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The package takes seconds to build: all tests that look at it share one, in one process.
pytestmark = pytest.mark.xdist_group("deb")

SCRIPTS = ("postinst", "prerm", "postrm")


@pytest.fixture(scope="session")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as `make deb` builds it."""
    command = [sys.executable, str(ROOT / "packaging/build_deb.py"), "--out", str(tmp_path_factory.mktemp("deb"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def members(deb: Path) -> dict[str, tarfile.TarInfo]:
    """Every file and folder of the package, by its path on the station."""
    with _files(deb) as archive:
        return {member.name.removeprefix("."): member for member in archive.getmembers()}


@pytest.fixture(scope="session")
def control(deb: Path) -> dict[str, str]:
    """The fields of the control file."""
    text = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^([\w-]+): (.*)$", text, re.MULTILINE))


def _files(deb: Path) -> tarfile.TarFile:
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], check=True, capture_output=True).stdout
    return tarfile.open(fileobj=BytesIO(data))


def _wheels(members: dict[str, tarfile.TarInfo]) -> dict[str, str]:
    """Distribution → version of every wheel that is carried, names as PEP 503 has them."""
    names = [Path(name).name for name in members if name.endswith(".whl")]
    return {re.sub(r"[-_.]+", "-", one.split("-")[0]).lower(): one.split("-")[1] for one in names}


def test_it_installs_where_the_python_is_the_one_its_wheels_are_for(control: dict[str, str]) -> None:
    major, minor = sys.version_info[:2]
    asked = control["Depends"].split(", ")
    assert {f"python3 (>= {major}.{minor})", f"python3 (<< {major}.{minor + 1})", "python3-venv"} <= set(asked)


def test_it_asks_for_the_tools_and_services_that_dockd_uses(control: dict[str, str]) -> None:
    asked = {re.split(r"[ |(]", one)[0] for one in control["Depends"].split(", ")}
    wanted = {"ffmpeg", "libimage-exiftool-perl", "bubblewrap", "polkitd", "udev", "systemd", "dbus", "util-linux"}
    assert wanted <= asked


def test_it_is_named_for_its_version_and_its_architecture(deb: Path, control: dict[str, str]) -> None:
    assert deb.name == f"dockd_{control['Version']}_{control['Architecture']}.deb"


def test_it_carries_a_wheel_of_every_requirement(members: dict[str, tarfile.TarInfo]) -> None:
    pinned = dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==([^ ;\\]+)(?: \\)?$", _requirements(), re.MULTILINE))
    assert len(pinned) > 15
    assert pinned.items() <= {**_wheels(members)}.items()


def _requirements() -> str:
    """Requirements without a condition; `colorama ; sys_platform == 'win32'` is not for a station."""
    return (ROOT / "requirements/run.txt").read_text("utf-8")


def test_its_wheels_make_a_whole_environment_without_a_network(deb: Path, tmp_path: Path) -> None:
    with _files(deb) as archive:
        archive.extractall(tmp_path, filter="data")
    command = [
        sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--ignore-installed", "--no-index",
        "--quiet", "--find-links", str(tmp_path / "usr/lib/dockd/wheels"), "dockd",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_wheel_of_dockd_has_all_its_modules_and_its_translations(deb: Path) -> None:
    with _files(deb) as archive:
        (name,) = [one for one in archive.getnames() if re.search(r"/dockd-[^/]+\.whl$", one)]
        member = archive.extractfile(name)
        assert member is not None
        inside = set(zipfile.ZipFile(BytesIO(member.read())).namelist())
    packages = ("hashing", "catalog", "retention", "dockd")
    code = {str(path.relative_to(ROOT)) for one in packages for path in (ROOT / one).rglob("*.py")}
    families = {str(path.relative_to(ROOT)) for path in (ROOT / "dockd/recorders").glob("*.toml")}
    assert (code | families | {"dockd/locale/zh_CN/LC_MESSAGES/dockd.mo"}) - inside == set()


@pytest.mark.parametrize(
    "path",
    [
        "/usr/bin/dockd",
        "/usr/lib/dockd/dockd-root",
        "/usr/lib/systemd/system/dockd.service",
        "/usr/lib/systemd/system/dockd-mount@.service",
        "/usr/lib/systemd/system/dockd-clear@.service",
        "/usr/lib/systemd/system/dockd-talk@.service",
        "/usr/lib/udev/rules.d/70-dockd.rules",
        "/usr/share/polkit-1/rules.d/50-dockd.rules",
        "/usr/lib/sysusers.d/dockd.conf",
        "/usr/lib/tmpfiles.d/dockd.conf",
    ],
)
def test_it_lays_down(members: dict[str, tarfile.TarInfo], path: str) -> None:
    assert members[path].isfile()


def test_everything_is_roots_and_nobody_else_may_write(members: dict[str, tarfile.TarInfo]) -> None:
    for name, member in members.items():
        assert (member.uid, member.gid) == (0, 0), name
        assert member.mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID) == 0, name
        assert member.isdir() or member.isfile(), name


def test_only_commands_can_be_run(members: dict[str, tarfile.TarInfo]) -> None:
    commands = {name for name, member in members.items() if member.isfile() and member.mode & 0o111}
    assert commands == {"/usr/bin/dockd", "/usr/lib/dockd/dockd-root"}


def test_settings_and_data_of_a_station_are_not_files_of_the_package(members: dict[str, tarfile.TarInfo]) -> None:
    assert [name for name in members if name.startswith(("/etc", "/var", "/run"))] == []


def test_the_scripts_of_the_package_are_sound(deb: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--control", deb, tmp_path / "control"], check=True)
    for name in SCRIPTS:
        script = tmp_path / "control" / name
        assert script.stat().st_mode & 0o111, name
        assert subprocess.run(["sh", "-n", script], check=False).returncode == 0, name


def test_the_question_of_purging_is_answered_with_no_unless_somebody_says_yes(deb: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--control", deb, tmp_path / "control"], check=True)
    template = (tmp_path / "control/templates").read_text("utf-8")
    assert "Type: boolean\nDefault: false\n" in template
    assert "Description-zh_CN.UTF-8:" in template


def test_the_same_checkout_gives_the_same_package(deb: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "packaging/build_deb.py"), "--out", str(tmp_path)]
    again = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    assert again.read_bytes() == deb.read_bytes()


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        (["a-1-py3-none-any.whl"], "2.17"),
        (["a-1-cp311-abi3-manylinux_2_34_x86_64.whl", "b-1-cp311-cp311-manylinux_2_28_x86_64.whl"], "2.34"),
        (["a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl"], "2.17"),
    ],
)
def test_the_c_library_it_asks_for_is_that_of_its_newest_wheel(names: list[str], needed: str) -> None:
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        from build_deb import glibc_needed
    finally:
        sys.path.remove(str(ROOT / "packaging"))
    assert glibc_needed(Path(name) for name in names) == needed
