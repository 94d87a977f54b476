"""systemd's units: hardened as far as the work allows, every line that gives way says why, and what they leave is what
the root tool needs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from dockd.root.device import NAME
from dockd.root.talk import NAME as USB_NAME
from tests.simulators.loop_bay import LoopBay, LoopCard, mounts_of

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
DAEMON, MOUNT, CLEAR = "dockd.service", "dockd-mount@.service", "dockd-clear@.service"
TALK, FACTS = "dockd-talk@.service", "dockd-facts.service"
FIXITY, MIRROR = "dockd-fixity.service", "dockd-mirror.service"
SWEEP = "dockd-sweep.service"
POSTGRESQL = "dockd-postgresql.conf"

# The strictest value of each. What is otherwise must have its reason beside it.
STRICT = {
    "CapabilityBoundingSet": "",
    "NoNewPrivileges": "yes",
    "PrivateMounts": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "PrivateIPC": "yes",
    "PrivateNetwork": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "IPAddressDeny": "any",
    "RestrictAddressFamilies": "none",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "KeyringMode": "private",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
}
# Not there unless something is given away.
GIVING = ("DeviceAllow", "ReadWritePaths", "IPAddressAllow", "AmbientCapabilities", "BindPaths")
# Any of these makes a mount namespace of its own (systemd.exec(5)): no mount comes out of it.
HIDES_MOUNTS = (
    "PrivateMounts", "PrivateTmp", "PrivateDevices", "PrivateIPC", "ProtectSystem", "ProtectHome", "ProtectProc",
    "ProcSubset", "ProtectControlGroups", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
    "ProtectHostname", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "BindPaths", "TemporaryFileSystem",
    "MountFlags", "RootDirectory", "DynamicUser", "PrivateUsers",
)  # fmt: skip

Line = tuple[str, str, str]  # option, value, the comment right above it


@cache
def lines(unit: str) -> tuple[Line, ...]:
    """The options of a unit in their order; lines that follow each other with one option share their comment."""
    found: list[Line] = []
    comment, last = "", ""
    for text in (UNITS / unit).read_text("utf-8").splitlines():
        if text.startswith("#"):
            comment, last = f"{comment} {text[1:].strip()}".strip(), ""
            continue
        option, equals, value = text.partition("=")
        if not equals:
            comment = last = ""
            continue
        if option != last:
            said, comment, last = comment, "", option
        found.append((option, value, said))
    return tuple(found)


def values(unit: str, option: str) -> list[str]:
    return [value for name, value, _comment in lines(unit) if name == option]


def comments(unit: str) -> str:
    return " ".join(line[1:].strip() for line in (UNITS / unit).read_text("utf-8").splitlines() if line[:1] == "#")


@pytest.fixture
def unit_files(tmp_path: Path) -> Path:
    """The units as systemd would find them, an instance of each template, and programs that are there."""
    folder = tmp_path / "units"
    folder.mkdir()
    for unit in (DAEMON, MOUNT, CLEAR, TALK, FACTS, FIXITY, MIRROR, SWEEP):
        text = re.sub(r"(?m)^(Exec\w+)=/\S+", rf"\1={shutil.which('true')}", (UNITS / unit).read_text("utf-8"))
        (folder / unit.replace("@.", "@sdb1.")).write_text(text, "utf-8")
    return folder


# ---------------------------------------------------------------------------------------------------------- hardening


@pytest.mark.parametrize(
    ("unit", "drop_in", "at_most"),
    [
        (DAEMON, "", 1.0),
        (DAEMON, POSTGRESQL, 1.2),
        (MOUNT, "", 4.0),
        (CLEAR, "", 2.0),
        (TALK, "", 2.0),
        (FACTS, "", 2.0),
        (SWEEP, "", 1.0),
        (SWEEP, POSTGRESQL, 1.2),
    ],
    ids=["daemon", "daemon-postgresql", "mount", "clear", "talk", "facts", "sweep", "sweep-postgresql"],
)
def test_systemd_finds_the_units_hardened(unit_files: Path, unit: str, drop_in: str, at_most: float) -> None:
    file = unit_files / unit.replace("@.", "@sdb1.")
    if drop_in:
        (unit_files / f"{unit}.d").mkdir()
        shutil.copy(UNITS / drop_in, unit_files / f"{unit}.d")
    threshold = str(round(at_most * 10))
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={threshold}", "--no-pager", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.mark.parametrize("unit", [DAEMON, MOUNT, CLEAR, TALK, FACTS, FIXITY, MIRROR, SWEEP])
def test_systemd_understands_every_line(unit_files: Path, unit: str) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(unit_files / unit.replace("@.", "@sdb1."))]
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning", "SYSTEMD_UNIT_PATH": f"{unit_files}:"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    ours = [line for line in done.stderr.splitlines() if str(unit_files) in line]
    assert ours == []


@pytest.mark.parametrize("unit", [DAEMON, MOUNT, CLEAR, TALK, FACTS, FIXITY, MIRROR, SWEEP])
@pytest.mark.parametrize("option", STRICT)
def test_every_relaxed_line_says_what_needs_it(unit: str, option: str) -> None:
    found = [(value, comment) for name, value, comment in lines(unit) if name == option]
    if not found:
        assert f"{option}=" in comments(unit), f"{option}= is missing, and no comment says why"
    for value, comment in found:
        # A filter that takes away more is no relaxing.
        assert value == STRICT[option] or value.startswith("~") or comment, f"{option}={value} has no reason beside it"


@pytest.mark.parametrize("unit", [DAEMON, MOUNT, CLEAR, TALK, FACTS, FIXITY, MIRROR, SWEEP, POSTGRESQL])
def test_every_line_that_gives_something_away_says_for_what(unit: str) -> None:
    given = [(name, value, comment) for name, value, comment in lines(unit) if name in GIVING and value]
    assert [(name, value) for name, value, comment in given if not comment] == []


def test_every_capability_and_address_family_is_named_in_its_reason() -> None:
    for unit in (DAEMON, MOUNT, CLEAR, TALK, FACTS, FIXITY, MIRROR, SWEEP, POSTGRESQL):
        for name, value, comment in lines(unit):
            if name in ("CapabilityBoundingSet", "RestrictAddressFamilies") and value != "none":
                assert [word for word in value.split() if word not in comment] == [], (unit, name)


def test_the_way_to_a_server_is_told_of_every_unit_that_opens_the_catalogue() -> None:
    ours = sorted(path.name for path in UNITS.glob("dockd*.service"))
    opening = [unit for unit in ours if any("/usr/bin/dockd " in value for value in values(unit, "ExecStart"))]
    assert set(opening) >= {DAEMON, FACTS, FIXITY, MIRROR, SWEEP}
    assert [unit for unit in opening if f" {unit}.d" not in comments(POSTGRESQL)] == []
    # What a unit takes away, the drop-in gives back.
    assert values(POSTGRESQL, "PrivateNetwork") == ["no"]
    assert {"AF_INET", "AF_INET6"} == set(values(POSTGRESQL, "RestrictAddressFamilies")[0].split())


def test_nothing_hides_the_mounts_of_recorders() -> None:
    assert {name for name, _value, _comment in lines(MOUNT)} & set(HIDES_MOUNTS) == set()


def test_the_daemon_has_no_capability_and_hears_udev() -> None:
    assert values(DAEMON, "CapabilityBoundingSet") == [""]
    assert values(DAEMON, "AmbientCapabilities") == [""]
    assert values(DAEMON, "User") == ["dockd"]
    assert "AF_NETLINK" in values(DAEMON, "RestrictAddressFamilies")[0]
    assert values(DAEMON, "PrivateNetwork") == []


def test_the_daemon_is_not_restarted_where_only_a_person_can_help() -> None:
    from dockd.exits import Exit

    hopeless = {int(code) for code in values(DAEMON, "RestartPreventExitStatus")[0].split()}
    assert {Exit(code).name for code in hopeless} == {"USAGE", "SETTINGS", "HOME", "TOOL"}
    assert values(DAEMON, "StartLimitIntervalSec") == ["0"]


def test_a_recorder_that_is_pulled_is_let_go_of() -> None:
    assert values(MOUNT, "BindsTo") == ["dev-%i.device"]
    assert "dev-%i.device" in values(MOUNT, "After")
    assert values(MOUNT, "ExecStopPost") == ["/usr/lib/dockd/dockd-root unmount %i"]


def test_a_recorder_is_never_mounted_for_reading_and_for_clearing_at_once() -> None:
    assert values(CLEAR, "Conflicts") == ["dockd-mount@%i.service"]
    assert "dockd-mount@%i.service" in values(CLEAR, "After")


# -------------------------------------------------------------------------------- the rights they leave are sufficient


@pytest.fixture
def card(quick_path: Path) -> LoopBay:
    """A docked card, to be handled by the tool as the units run it."""
    if os.geteuid() != 0:
        pytest.skip("only root may plug in and mount cards")
    bay = LoopBay(quick_path, LoopCard.made(quick_path, {"1234567_100001_20261119080000.mp4": b"clip" * 999}))
    bay.build()
    bay.card.plug()
    return bay


def by_tool(bay: LoopBay, unit: str, before: list[str]) -> subprocess.CompletedProcess[str]:
    """The tool as a unit of this kind calls it, below another command."""
    act = "mount" if unit == MOUNT else "clear"
    user = ["--user", "nobody"] if unit == MOUNT else []
    tool = [sys.executable, "-m", "dockd.root", "--run-dir", str(bay.run_dir), "--public-key", str(bay.key_file)]
    command = [*before, *tool, *user, "--allow-loop", act, bay.card.name]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def handled(bay: LoopBay, unit: str, before: list[str]) -> None:
    """Dock the card, let the unit's tool mount or clear it; it must come out as without any bounds."""
    try:
        bay.dock()
        bay.ask()
        bay.wipe_file.parent.chmod(0o700)
        done = by_tool(bay, unit, before)
        assert done.returncode == 0, done.stderr
        if unit == MOUNT:
            assert "idmapped" in mounts_of(bay.card.name)[0]
            bay.mounter.detach(str(bay.run_dir / "volumes" / bay.card.name), lazily=True)
        else:
            assert "removed=1 kept=0" in done.stderr
    finally:
        bay.card.unplug()


@pytest.mark.parametrize("unit", [MOUNT, CLEAR])
def test_the_tool_does_its_work_with_the_capabilities_of_its_unit(card: LoopBay, unit: str) -> None:
    wanted = [f"+{name.removeprefix('CAP_').lower()}" for name in values(unit, "CapabilityBoundingSet")[0].split()]
    handled(card, unit, ["setpriv", f"--bounding-set=-all,{','.join(wanted)}", "--inh-caps=-all", "--no-new-privs"])


@cache
def calls_of(group: str) -> frozenset[str]:
    """The system calls of one of systemd's groups."""
    command = ["systemd-analyze", "syscall-filter", "--no-pager", group]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [line.strip() for line in said.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    inner = [calls_of(name) for name in names if name.startswith("@")]
    return frozenset(name for name in names if not name.startswith("@")).union(*inner)


def allowed(unit: str) -> frozenset[str]:
    """What the lines of SystemCallFilter leave, one after the other."""
    left: frozenset[str] = calls_of("@default")
    for value in values(unit, "SystemCallFilter"):
        for group in value.removeprefix("~").split():
            left = left - calls_of(group) if value.startswith("~") else left | calls_of(group)
    return left


@pytest.mark.parametrize("unit", [MOUNT, CLEAR])
def test_the_tool_makes_no_system_call_that_its_unit_forbids(card: LoopBay, unit: str) -> None:
    trace = card.root / "trace"
    handled(card, unit, ["strace", "-f", "-qq", "-o", str(trace)])
    made = set(re.findall(r"(?m)^\d+ +(?:<\.\.\. )?(\w+)[( ]", trace.read_text("utf-8", "replace")))
    assert {"fsopen", "move_mount"} <= made
    assert made - allowed(unit) == set()


# ------------------------------------------------------------------------------------------- user, folders, permission


def test_folders_that_root_trusts_are_roots_and_the_daemons_are_its_own(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    for package, folder in (("sysusers", "sysusers.d"), ("tmpfiles", "tmpfiles.d")):
        (tmp_path / "usr/lib" / folder).mkdir(parents=True)
        shutil.copy(ROOT / f"packaging/dockd.{package}", tmp_path / "usr/lib" / folder / "dockd.conf")
    (tmp_path / "etc").mkdir()
    for tool in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
        subprocess.run([*tool, f"--root={tmp_path}", "dockd.conf"], check=True, capture_output=True)
    (line,) = [text for text in (tmp_path / "etc/passwd").read_text().splitlines() if text.startswith("dockd:")]
    uid = int(line.split(":")[2])
    assert uid != 0 and line.endswith(":/var/lib/dockd:/usr/sbin/nologin")
    made = {path: (tmp_path / path).stat() for path in (
        "run/dockd", "run/dockd/volumes", "run/dockd/clearing", "run/dockd/outcome", "run/dockd/reason",
        "run/dockd/slots", "run/dockd/wipe", "run/dockd/writer.lock", "var/lib/dockd",
    )}  # fmt: skip
    daemons = {path for path, status in made.items() if status.st_uid == uid}
    assert daemons == {"run/dockd/slots", "run/dockd/wipe", "run/dockd/writer.lock", "var/lib/dockd"}
    assert {path for path, status in made.items() if status.st_mode & 0o022} == set()
    assert made["run/dockd/clearing"].st_mode & 0o777 == 0o700


POLKIT = (ROOT / "packaging/polkit/50-dockd.rules").read_text("utf-8")


def pattern(about: str) -> re.Pattern[str]:
    """The rule's regular expressions, any of which will do; what they use means the same in JavaScript and here."""
    asked = re.findall(rf"/(\^[^/]*\$)/\.test\({about}\)", POLKIT)
    found = [one.replace("\\/", "/").replace("$", r"\Z") for one in asked]
    assert found
    return re.compile("|".join(f"(?:{one})" for one in found), re.ASCII)


@pytest.mark.parametrize("name", ["sdb1", "sda", "sdaa12", "loop3", "loop3p1", "mmcblk0p1"])
@pytest.mark.parametrize("act", ["mount", "clear"])
def test_the_daemon_may_start_and_stop_what_handles_one_recorder(act: str, name: str) -> None:
    assert pattern("unit").search(f"dockd-{act}@{name}.service")


@pytest.mark.parametrize("name", ["1-1", "1-1.3", "2-14.1.4"])
def test_the_daemon_may_start_and_stop_a_talk_with_one_usb_device(name: str) -> None:
    assert pattern("unit").search(f"dockd-talk@{name}.service")


@pytest.mark.parametrize(
    "unit",
    [
        "dockd.service", "ssh.service", "undefined", "dockd-mount@.service", "dockd-mount@..service",
        "dockd-mount@sdb1.service.d", "dockd-mount@sd-b.service", "dockd-mount@sdb1.service\n",
        "xdockd-mount@sdb1.service", "dockd-format@sdb1.service", "dockd-mount@sdb1.socket", "dockd-mount@*.service",
        "dockd-talk@sdb1.service", "dockd-talk@usb1.service", "dockd-talk@1-1..service", "dockd-mount@1-1.3.service",
    ],
)  # fmt: skip
def test_the_daemon_may_start_nothing_else(unit: str) -> None:
    assert not pattern("unit").search(unit)


def test_the_rule_knows_two_verbs_one_user_and_one_action() -> None:
    verbs = pattern("verb")
    assert [
        verb for verb in ("start", "stop", "restart", "kill", "set-property", "undefined") if verbs.search(verb)
    ] == [
        "start",
        "stop",
    ]
    assert re.findall(r'=== "([^"]*)"', POLKIT) == ["org.freedesktop.systemd1.manage-units", "dockd"]
    assert re.findall(r"polkit\.Result\.(\w+)", POLKIT) == ["YES", "NOT_HANDLED"]


def test_the_rule_and_the_tool_mean_the_same_names() -> None:
    assert f"@{NAME.pattern}\\.service" in POLKIT
    assert f"@{USB_NAME.pattern}\\.service" in POLKIT
