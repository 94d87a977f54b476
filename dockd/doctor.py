"""What a station needs, checked: one line each, and a hint wherever something is amiss. No network is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hashing.filecalls import FileCalls

from . import i18n
from .abilities import UNFIT, abilities_of, filesystem_of
from .config import Config, Home, has_password
from .copying_out.fonts import FONT_PACKAGE, FONTS
from .errors import DockdError
from .exits import Exit
from .explain import explain
from .i18n import N_, _
from .reasons import reason_of
from .wide import padded

# exiftool reads a small Perl library at every start, on a slow card in seconds.
_TOOL_TIMEOUT_S = 20.0


class State(StrEnum):
    """How a check ended: a station with a `warn` works, one with a `fail` does not do all it should."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `hint` says what to do, and is empty when all is well."""

    name: str
    state: State
    found: str
    hint: str = ""
    exit_code: Exit = Exit.OK

    def as_json(self) -> dict[str, str]:
        """For `dockd doctor --json`: stable keys; `found` and `hint` are in the language spoken."""
        return {"name": self.name, "state": self.state.value, "found": self.found, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ran to its end: its exit code and what it said, both streams together."""

    code: int
    said: str


Run = Callable[[Sequence[str]], Ran | None]


def run_program(command: Sequence[str]) -> Ran | None:
    """Run a program; None when it is not there or does not end in time."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TOOL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that we or those who check our proofs call.

    `least` is the first version that will do. Only what dockd itself calls is `needed`.
    """

    name: str
    package: str
    ask: tuple[str, ...]
    needed: bool
    least: tuple[int, ...] = ()
    why: str = ""


TOOLS = (
    # CVE-2021-22204 (code run from a DjVu file) was closed in 12.24.
    Tool(
        "exiftool", "libimage-exiftool-perl", ("-ver",), True, (12, 24), N_("reads what recordings say of themselves")
    ),
    Tool("ffprobe", "ffmpeg", ("-version",), True, (4,), N_("reads what recordings say of themselves")),
    # 0.6 brought --size, which bounds the box's memory-backed folders.
    Tool("bwrap", "bubblewrap", ("--version",), True, (0, 6), N_("boxes the two parsers")),
    Tool("ffmpeg", "ffmpeg", ("-version",), False, (4,), N_("burns watermarks into copies that leave")),
    Tool("b3sum", "b3sum", ("--version",), False, (), N_("checks manifests without dockd")),
    # `ssh-keygen -Y verify` came with OpenSSH 8.1; ssh-keygen itself tells no version, ssh of the same package does.
    Tool("ssh-keygen", "openssh-client", ("ssh", "-V"), False, (8, 1), N_("checks signatures without dockd")),
)

# The smallest box: without user namespaces it fails just as the real one does.
BOX = (
    *("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/usr", "/usr"),
    *("--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "/usr/bin/true"),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that the checks ask: handed in, so that a test can put a poor station in its place.

    `open_database` opens the catalogue as the daemon would, closes it, and tells in a few words what it is; whatever it
    raises is explained. `clock_synced` is None when nobody can tell.
    """

    files: FileCalls
    load: Callable[[Home], Config]
    open_database: Callable[[Home, Config], str]
    clock_synced: Callable[[], bool | None]
    # Asked only where the database can be opened.
    upkeep: Callable[[], list[Check]] = list
    run: Run = run_program
    statvfs: Callable[[str], os.statvfs_result] = os.statvfs
    mountinfo: Callable[[], bytes] = field(default=lambda: _read("/proc/self/mountinfo"))
    python: tuple[int, int, int] = sys.version_info[:3]
    user: int = field(default_factory=os.geteuid)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def examine(home: Home, around: Surroundings) -> list[Check]:
    """Every check, in the order in which faults are best mended. Never raises for what a station lacks."""
    checks = [python_check(around.python)]
    config = Config()
    try:
        config = around.load(home)
        settings = Check("settings", State.OK, home.config_file)
    except DockdError as error:
        settings = _failed("settings", error)
    programs = {"exiftool": config.facts.exiftool, "ffprobe": config.facts.ffprobe}
    checks += [tool_check(tool, programs.get(tool.name, tool.name), around.run) for tool in TOOLS]
    checks += [box_check(around.run), font_check(), settings]
    if settings.state is State.OK:
        checks += [
            key_check(home, around.user),
            secret_check(home, config),
            *vault_checks(config.vault_dir(home), config.dock.free_space_floor_mib, around),
            database_check(home, config, around.open_database),
        ]
        if checks[-1].state is State.OK:
            checks += around.upkeep()
    return [*checks, clock_check(around.clock_synced()), language_check()]


def exit_code(checks: Sequence[Check]) -> Exit:
    """The code of the first check that failed; warnings are no failure."""
    return next((check.exit_code for check in checks if check.state is State.FAIL), Exit.OK)


def _failed(name: str, error: BaseException) -> Check:
    told = explain(error)
    found = "; ".join((told.sentence, *told.details))
    return Check(name, State.FAIL, found, told.hint, told.exit_code)


def python_check(version: tuple[int, ...]) -> Check:
    """Python 3.11 or newer."""
    text = ".".join(map(str, version))
    if version >= (3, 11):
        return Check("python", State.OK, text)
    return Check("python", State.FAIL, text, _("dockd needs Python 3.11 or newer"), Exit.TOOL)


def version_in(text: str) -> str:
    """The first thing in a program's words that looks like its version; its first line when nothing does."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return match[0] if match else text.strip().partition("\n")[0][:40]


def tool_check(tool: Tool, program: str, run: Run) -> Check:
    """Whether a program is there and new enough."""
    bad = State.FAIL if tool.needed else State.WARN
    asked = [tool.ask[0], *tool.ask[1:]] if tool.name == "ssh-keygen" else [program, *tool.ask]
    ran = run(asked)
    install = _("apt-get install {package}: it {why}").format(package=tool.package, why=_(tool.why))
    if ran is None or ran.code != 0:
        found = _("not there") if ran is None else _("does not run: {said}").format(said=version_in(ran.said))
        return Check(tool.name, bad, found, install, Exit.TOOL)
    version = version_in(ran.said)
    numbers = tuple(int(part) for part in re.findall(r"\d+", version))
    if tool.least and numbers < tool.least:
        least = ".".join(map(str, tool.least))
        hint = _("{least} or newer is needed").format(least=least)
        return Check(tool.name, bad, version, hint, Exit.TOOL)
    return Check(tool.name, State.OK, version)


def box_check(run: Run) -> Check:
    """Whether a box can really be made: some systems forbid user namespaces."""
    ran = run(BOX)
    if ran is not None and ran.code == 0:
        return Check("box", State.OK, _("parsers can be boxed"))
    said = _("bwrap is not there") if ran is None else ran.said.strip().partition("\n")[0][:120].strip()
    hint = _(
        "no facts are read without a box, copying goes on; allow user namespaces for bwrap "
        "(Ubuntu 24.04: an AppArmor profile for /usr/bin/bwrap with userns)"
    )
    return Check("box", State.FAIL, said, hint, Exit.TOOL)


def font_check(fonts: Sequence[str] = FONTS) -> Check:
    """Whether there is a font with Chinese signs: watermarks are written in it."""
    found = next((font for font in fonts if os.path.isfile(font)), None)
    if found is not None:
        return Check("font", State.OK, found)
    hint = _("apt-get install {package}: it {why}").format(package=FONT_PACKAGE, why=_("has the signs of watermarks"))
    return Check("font", State.WARN, _("not there"), hint)


def key_check(home: Home, user: int) -> Check:
    """Whether the signing key is there, ours, and nobody else's."""
    for path in (home.keys_dir, home.key_file):
        try:
            status = os.lstat(path)
        except OSError as error:
            hint = _("put the keys back from their safe copy; without them nothing can be sealed")
            return Check("key", State.FAIL, f"{path}: {reason_of(error)}", hint, Exit.HOME)
        if status.st_mode & 0o077:
            hint = f"chmod go= {path}"
            return Check("key", State.FAIL, _("{path} is open to others").format(path=path), hint, Exit.HOME)
        if status.st_uid != user:
            found = _("{path} belongs to user {owner}, this is user {user}").format(
                path=path, owner=status.st_uid, user=user
            )
            return Check("key", State.WARN, found, _("run doctor as the user that dockd runs as"))
    return Check("key", State.OK, home.key_file)


def secret_check(home: Home, config: Config) -> Check:
    """Whether a database password lies where others can read it."""
    suspects = [home.config_file] if has_password(config.database.url) else []
    suspects += [path] if (path := config.password_file(home)) else []
    for path in suspects:
        try:
            if os.stat(path).st_mode & 0o077:
                found = _("{path} holds a password and is open to others").format(path=path)
                return Check("password", State.FAIL, found, f"chmod go= {path}", Exit.HOME)
        except OSError as error:
            found = f"{path}: {reason_of(error)}"
            return Check("password", State.FAIL, found, _("see database.password_file"), Exit.HOME)
    return Check("password", State.OK, _("none lies open"))


def vault_checks(vault: str, floor_mib: int, around: Surroundings) -> list[Check]:
    """Room, kind and abilities of the disk that the vault lies on."""
    try:
        status = around.statvfs(vault)
        kind = filesystem_of(around.mountinfo(), os.path.realpath(vault))
    except OSError as error:
        hint = _("mount the vault's disk, or correct vault.path")
        return [Check("vault", State.FAIL, f"{vault}: {reason_of(error)}", hint, Exit.VAULT)]
    return [
        space_check(status.f_bavail * status.f_frsize // 2**20, floor_mib),
        kind_check(kind),
        ability_check(vault, around.files),
    ]


def space_check(free_mib: int, floor_mib: int) -> Check:
    """Free space against the floor below which nothing is taken in."""
    found = _("{free} GiB free").format(free=f"{free_mib / 1024:.1f}")
    if free_mib < floor_mib:
        hint = _("below dock.free_space_floor_mib ({floor} MiB) nothing is taken in; make room").format(floor=floor_mib)
        return Check("vault-space", State.FAIL, found, hint, Exit.VAULT)
    if free_mib < 10 * floor_mib:
        return Check("vault-space", State.WARN, found, _("room for few recorders only; plan a larger disk"))
    return Check("vault-space", State.OK, found)


def kind_check(kind: str | None) -> Check:
    """The file system's type."""
    found = kind or _("unknown")
    if kind in UNFIT:
        hint = _("{kind} {why}: put a real vault on ext4 or xfs").format(kind=kind, why=_(UNFIT[kind]))
        return Check("vault-kind", State.WARN, found, hint)
    return Check("vault-kind", State.OK, found)


def ability_check(vault: str, files: FileCalls) -> Check:
    """What the vault's file system can do, tried."""
    # Recovery removes from .partial what a killed doctor leaves.
    partials = os.path.join(vault, ".partial")
    can = abilities_of(files, partials if os.path.isdir(partials) else vault, f"{os.getpid()}")
    if can.fault is not None or not can.fsync or not can.no_replace:
        if can.fault is not None:
            found = f"{can.fault[0]}: {reason_of(can.fault[1])}"
        else:
            found = _("a rename may replace what is there")
        hint = _("the vault needs durable writes and renames that never replace: ext4 or xfs, owned by dockd's user")
        return Check("vault-abilities", State.FAIL, found, hint, Exit.VAULT)
    if not can.direct_io:
        hint = _(
            "copies are read back after the cache was dropped instead; a network or FUSE disk may answer from memory"
        )
        return Check("vault-abilities", State.WARN, _("no direct reading (O_DIRECT)"), hint)
    return Check("vault-abilities", State.OK, _("durable writes, no replacing, direct reading"))


def database_check(home: Home, config: Config, open_database: Callable[[Home, Config], str]) -> Check:
    """Whether the daemon would start on this catalogue."""
    try:
        return Check("database", State.OK, open_database(home, config))
    except Exception as error:  # whatever a driver raises: doctor tells it and goes on
        return _failed("database", error)


def clock_check(synced: bool | None) -> Check:
    """Whether a time source disciplines the station's clock: every time in the log rests on it."""
    if synced:
        return Check("clock", State.OK, _("synchronised"))
    found = _("not synchronised") if synced is False else _("nobody here can tell whether it is synchronised")
    return Check("clock", State.WARN, found, _("apt-get install chrony, or: timedatectl set-ntp true"))


def language_check() -> Check:
    """The language of messages, and whether they were compiled."""
    if i18n.is_translated():
        return Check("language", State.OK, i18n.language())
    return Check("language", State.WARN, i18n.language(), _("its messages are not compiled: make locale"))


def as_json(checks: Sequence[Check]) -> list[Mapping[str, str]]:
    """All checks for `--json`."""
    return [check.as_json() for check in checks]


def as_lines(checks: Sequence[Check]) -> list[str]:
    """All checks for people: state, name, what was found; the hint of each that is not well below it."""
    marks = {State.OK: _("ok"), State.WARN: _("warn"), State.FAIL: _("FAIL")}
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{padded(marks[check.state], 5)} {check.name:<{width}}  {check.found}")
        if check.hint:
            lines.append(f"      {'':<{width}}  " + _("hint: {hint}").format(hint=check.hint))
    return lines
