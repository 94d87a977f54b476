"""What a station needs, checked: one line each, and a hint wherever something is amiss. No network is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from hashing.filecalls import FileCalls

from . import i18n
from .abilities import UNFIT, abilities_of, filesystem_of
from .checks import Check, State
from .config import Config, Home
from .database_urls import has_password
from .doctor_tools import TOOLS, Run, box_check, font_check, python_check, run_program, tool_check
from .errors import DockdError
from .exits import Exit
from .explain import explain
from .i18n import _
from .reasons import reason_of


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


def _failed(name: str, error: BaseException) -> Check:
    told = explain(error)
    found = "; ".join((told.sentence, *told.details))
    return Check(name, State.FAIL, found, told.hint, told.exit_code)


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
