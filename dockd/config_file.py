"""The settings file: read and checked once, all faults told together; and its commented first version.

pydantic checks types, bounds and choices; it is imported only here and only when a file is read, so that
`dockd --help` does not wait for it.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from .config import SECTIONS, Config, Home, settings_of
from .database_urls import POSTGRESQL, SQLITE, redacted
from .errors import ConfigFault, HomeFault, HomeMissing, Problem, SettingFault
from .i18n import N_, _
from .setting import About

PASSWORD_VARIABLE = "DOCKD_DATABASE_PASSWORD"
URL_FORMS = "sqlite:///FILE, postgresql://USER@HOST/NAME"

_SECTION_SAYS = {
    "station": N_("Whose station this is, and how it speaks."),
    "vault": N_("Where originals are kept, and by what they are proven."),
    "database": N_("The catalogue: what the station knows of its originals."),
    "dock": N_("How recorders are taken in."),
    "drop": N_("Folders in which files arrive without a recorder."),
    "facts": N_("What recordings say of themselves; taking in never waits for it."),
    "gaps": N_("What is missing in recordings, and who is reminded of it."),
    "cases": N_("Cases: when their files are due, how recordings are suggested for them."),
    "retention": N_("By which regulation recordings are kept."),
    "change": N_("Changes that would make recordings due: when they are refused outright."),
    "sweep": N_("The nightly sweep: how recordings whose term is over are disposed of."),
    "fixity": N_("How the vault is read again, a part of it every night."),
    "mirror": N_("Second copies of all sealed sessions, on another disk."),
    "handover": N_("How often departments hand over to the next custodian."),
    "health": N_("From where on a recorder is not fit for duty; dockd says so when it is released."),
}


def load(home: Home) -> Config:
    """The settings of a home. Raises HomeMissing, HomeFault, ConfigFault."""
    try:
        with open(home.config_file, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise HomeMissing(home.config_file) from error
    except OSError as error:
        raise HomeFault(home.config_file, "open", error) from error
    return parse(data, home.config_file)


def database_url(
    config: Config, home: Home, environ: Mapping[str, str], read: Callable[[str], str] | None = None
) -> str:
    """The catalogue's URL with its password: of DOCKD_DATABASE_PASSWORD, else of the password file, else as it is.

    Raises HomeFault and ConfigFault when the password file cannot be read. The result is never shown:
    `database_urls.redacted` is for that.
    """
    password = environ.get(PASSWORD_VARIABLE)
    path = config.password_file(home)
    if password is None and path is not None:
        try:
            password = (read or _read_text)(path).partition("\n")[0].rstrip("\r")
        except OSError as error:
            raise HomeFault(path, "open", error) from error
        except UnicodeDecodeError as error:
            fault = SettingFault("database.password_file", Problem.TYPE, expected="UTF-8")
            raise ConfigFault(home.config_file, [fault]) from error
    return config.database_url(home, password)


def _read_text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def parse(data: bytes, path: str) -> Config:
    """The settings that a file's bytes mean; settings left out have their defaults.

    Raises ConfigFault with every fault of the file at once.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigFault(path, [SettingFault("", Problem.SYNTAX, line, "", "UTF-8")]) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = re.sub(r" \(at .*\)$", "", str(error))
        fault = SettingFault("", Problem.SYNTAX, int(place[1]) if place else None, reason)
        raise ConfigFault(path, [fault]) from error
    settings, faults = _checked(document)
    if not faults:
        config = _assembled(settings)
        faults = _sense(config)
    if faults:
        lines = _lines(text)
        placed = [
            SettingFault(f.key, f.problem, lines.get(f.key, lines.get(f.key.partition(".")[0])), f.found, f.expected)
            for f in faults
        ]
        raise ConfigFault(path, sorted(placed, key=lambda f: (f.line or 0, f.key)))
    return config


def _lines(text: str) -> dict[str, int]:
    """The line of every section and `section.key`. tomllib tells no places; our files have no nested tables."""
    found: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([\w.\"'-]+)\s*\]", line):
            section = header[1].strip("\"'")
            found.setdefault(section, number)
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            name = re.sub("[\"']", "", key[1])
            found.setdefault(f"{section}.{name}" if section else name, number)
    return found


def _model(section: str, values: type) -> Any:
    """A strict pydantic model of a section, made from its dataclass in `dockd.config`."""
    from pydantic import ConfigDict, Field, create_model

    wanted: dict[str, Any] = {}
    hints = get_type_hints(values)
    for name, default, about in settings_of(section):
        # TOML has lists and no tuples; strict checking would refuse them for a tuple.
        hint = list[get_args(hints[name])[0]] if get_origin(hints[name]) is tuple else hints[name]  # type: ignore[misc]
        wanted[name] = (hint, Field(default=default, ge=about.at_least, le=about.at_most))
    return create_model(section, __config__=ConfigDict(extra="forbid", strict=True), **wanted)


def _checked(document: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], list[SettingFault]]:
    settings: dict[str, dict[str, Any]] = {}
    faults = [
        SettingFault(name, Problem.UNKNOWN, expected=_nearest(name, SECTIONS))
        for name in document
        if name not in SECTIONS
    ]
    for section, values in get_type_hints(Config).items():
        table = document.get(section, {})
        if not isinstance(table, dict):
            faults.append(SettingFault(section, Problem.TYPE, found=_shown(table), expected="section"))
            continue
        if not table:
            # Most sections have nothing but defaults, and making all models would be a tenth of every start.
            settings[section] = {}
            continue
        from pydantic import ValidationError

        try:
            settings[section] = _model(section, values).model_validate(table).model_dump(exclude_unset=True)
        except ValidationError as error:
            faults += [_fault_of(section, dict(one)) for one in error.errors(include_url=False, include_context=True)]
    return settings, faults


_TYPES = {"int": N_("whole number"), "string": N_("text"), "list": N_("list"), "bool": N_("true or false")}


def _fault_of(section: str, error: Mapping[str, Any]) -> SettingFault:
    """One of pydantic's errors in our words (its `type` is documented and stable)."""
    name = str(error["loc"][0])
    key = f"{section}.{name}"
    kind, found = error["type"], _shown(error["input"])
    if kind == "extra_forbidden":
        return SettingFault(key, Problem.UNKNOWN, expected=_nearest(name, [n for n, _d, _a in settings_of(section)]))
    if kind == "literal_error":
        return SettingFault(key, Problem.CHOICE, found=found, expected=str(error["ctx"]["expected"]))
    if kind in ("greater_than_equal", "less_than_equal"):
        about = next(about for n, _default, about in settings_of(section) if n == name)
        return SettingFault(key, Problem.RANGE, found=found, expected=f"{about.at_least}…{about.at_most}")
    return SettingFault(key, Problem.TYPE, found=found, expected=_TYPES.get(kind.partition("_")[0], kind))


def _nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    return next(iter(difflib.get_close_matches(name, known, 1)), "")


def _shown(value: object) -> str:
    """A value as the file writes it, cut short; what looks like a URL without its password."""
    text = json.dumps(redacted(value) if isinstance(value, str) else value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"


def _assembled(settings: dict[str, dict[str, Any]]) -> Config:
    kinds = get_type_hints(Config)
    parts = {}
    for section, given in settings.items():
        values = {k: tuple(dict.fromkeys(v)) if isinstance(v, list) else v for k, v in given.items()}
        parts[section] = kinds[section](**values)
    return Config(**parts)


def _sense(config: Config) -> list[SettingFault]:
    """What types cannot say: a zone that exists, a URL that we serve, text that is not empty or a folder's way out."""
    from zoneinfo import ZoneInfo

    faults = []
    try:
        ZoneInfo(config.station.time_zone)
    except (ValueError, OSError, KeyError):
        faults.append(SettingFault("station.time_zone", Problem.ZONE, found=_shown(config.station.time_zone)))
    url = config.database.url
    memory = url.startswith(SQLITE) and url.removeprefix(SQLITE).partition("?")[0] in ("", ":memory:")
    if memory or not url.startswith((SQLITE, *POSTGRESQL)):
        faults.append(SettingFault("database.url", Problem.CHOICE, found=_shown(url), expected=URL_FORMS))
    for section, name in (
        ("station", "name"), ("station", "department"), ("vault", "path"), ("dock", "families_dir"),
        ("facts", "exiftool"), ("facts", "ffprobe"),
    ):  # fmt: skip
        value = getattr(getattr(config, section), name)
        if not value.strip() or "\0" in value:
            faults.append(SettingFault(f"{section}.{name}", Problem.TYPE, found=_shown(value), expected="text"))
    return faults


def default_text(**given: Any) -> str:
    """The settings file that `dockd init` writes: each setting with what it means, defaults commented out.

    `given` are values to be set, by `section__name`: `default_text(station__name="north gate")`. Comments are in the
    language spoken now.
    """
    out = [
        "# " + _("Settings of this dockd station. A line that begins with # shows the default."),
        "# " + _("All settings and their meaning: docs/settings.md."),
    ]
    for section in (f.name for f in fields(Config)):
        out += ["", "# " + _(_SECTION_SAYS[section]), f"[{section}]"]
        for name, default, about in settings_of(section):
            value = given.pop(f"{section}__{name}", default)
            out += [f"# {line}" for line in _wrapped(_(about.says) + _bounds(about))]
            out.append(f"{'#' if value == default else ''}{name} = {_toml(value)}")
    if given:
        raise TypeError(f"no such settings: {sorted(given)}")
    return "\n".join(out) + "\n"


def _bounds(about: About) -> str:
    return "" if about.at_least is None else f" [{about.at_least}…{about.at_most}]"


def _wrapped(text: str, width: int = 100) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_long_words=False) or [""]


def _toml(value: object) -> str:
    """A value in TOML (JSON's strings, numbers and flat lists are TOML's as well, but for U+007F)."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(os.fspath(value) if isinstance(value, os.PathLike) else value, ensure_ascii=False).replace(
        "\x7f", "\\u007F"
    )
