"""The programs that dockd calls, or those who check its proofs: there, new enough, able to do it here."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .checks import Check, State
from .copying_out.fonts import FONT_PACKAGE, FONTS
from .exits import Exit
from .i18n import N_, _

# exiftool reads a small Perl library at every start, on a slow card in seconds.
_TOOL_TIMEOUT_S = 20.0


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
