"""An agency's station as people use it: commands, by whom, and what came of them."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from dockd.assembly import reading
from dockd.cli import cli
from dockd.exits import Exit
from dockd.explain import explain

ADMIN, PASSWORD = "admin", "long enough"


@dataclass
class Ran:
    """What a command printed and the number it ended with; `told` is what a person reads of a fault."""

    code: int
    out: str
    told: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Command:
    """`dockd` on one home, as whoever is named, in this process; `home` is the folder above it."""

    home: Path
    language: str = "en"

    def __call__(self, *words: str, by: str | None = None, password: str = PASSWORD) -> Ran:
        secret, new = self.home / "secret", self.home / "new"
        secret.write_text(password + "\n")
        new.write_text(PASSWORD)
        environ = {"DOCKD_PASSWORD_FILE": str(secret), "DOCKD_NEW_PASSWORD_FILE": str(new), "DOCKD_LANG": self.language}
        before = ["--home", str(self.home / "station")] + (["--as", by] if by else [])
        done = CliRunner().invoke(cli, [*before, *words], env=environ, standalone_mode=False)
        if isinstance(done.exception, click.ClickException):
            return Ran(done.exception.exit_code, done.output, done.exception.format_message())
        if done.exception is not None:
            told = explain(done.exception)
            return Ran(told.exit_code, done.output, "\n".join((told.sentence, *told.details, told.hint)))
        return Ran(done.return_value or 0, done.output)

    def ok(self, *words: str, by: str | None = None) -> Ran:
        ran = self(*words, by=by)
        assert ran.code == Exit.OK, ran
        return ran

    def log(self) -> list[dict[str, Any]]:
        """The custody log, without who signed in."""
        with reading(str(self.home / "station")) as opened:
            entries = [json.loads(entry.body) for entry in opened.station.catalog.custody()]
        return [entry for entry in entries if entry["kind"] != "signed-in"]


def login() -> str:
    """The system's account that runs the tests."""
    return pwd.getpwuid(os.getuid()).pw_name


def settle(command: Command) -> None:
    """Make a station with a tree, two officers, recorder X8123 and accounts."""
    command.ok("init", "--yes", "--department", "城关中队")
    for words in (
        ("department", "add", "局"),
        ("department", "add", "城关中队", "--parent", "局"),
        ("department", "add", "城南中队", "--parent", "局"),
        ("officer", "add", "100234", "--name", "张三", "--department", "城关中队"),
        ("officer", "add", "100235", "--name", "李四", "--department", "城南中队"),
        ("ledger", "register", "X8123", "--department", "城关中队", "--model", "V8"),
        ("user", "add", ADMIN, "--role", "system-administrator"),
    ):
        command.ok(*words)
    for words in (
        ("boss", "--role", "leader", "--department", "局"),
        ("south", "--role", "recorder-manager", "--department", "城南中队"),
        ("keeper", "--role", "recorder-manager", "--department", "城关中队", "--officer", "100234"),
        ("audit", "--role", "auditor", "--everywhere"),
        ("zhang", "--role", "officer", "--officer", "100234"),
    ):
        command.ok("user", "add", *words, by=ADMIN)
