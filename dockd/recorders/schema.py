"""The shape of a family file. Only `files` imports this: it is the edge where TOML becomes values."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .family import FAMILY_NAME, ClockMethod, Kind
from .logs import LogKind

UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[Text], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Part):
    """What people call the family, in both languages of the screens."""

    zh: Text
    en: Text


class Recognise(_Part):
    """`[[recognise]]`: one way to know a volume; all keys of one table must hold."""

    always: bool = False
    usb: Annotated[list[UsbId], Field(min_length=1)] | None = None
    files: Texts | None = None
    label: Text | None = None
    names_share: Annotated[float, Field(gt=0, le=1)] | None = None


class Name(_Part):
    """`[[names]]`: a pattern of names with named groups, and how the time in it is written."""

    pattern: Text
    start: list[Text] = []


class KeyMark(_Part):
    """`[key_mark]`: values of the group `key`, files beside a clip, or (`event`) the group `event`, that mark it."""

    values: list[Text] = []
    side_files: list[Text] = []
    event: bool = False


class Side(_Part):
    """`[[side]]`: files that are not what their extension says."""

    files: Texts
    kind: Literal["video", "audio", "photo", "log", "track", "bookmark", "data", "unknown"]


class Identity(_Part):
    """`[identity]`: which volume labels name a recorder."""

    label: Text | None = None
    not_labels: list[Text] = []


class Binding(_Part):
    """`[binding]`: the file of a station tool, and what its keys are called."""

    files: Texts
    encodings: Texts
    recorder: list[Text] = []
    model: list[Text] = []
    officer: list[Text] = []
    department: list[Text] = []
    date: list[Text] = []

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The names in the file, in small letters, of each thing we ask for."""
        asked = ("recorder", "model", "officer", "department", "date")
        return {name: tuple(key.lower() for key in getattr(self, name)) for name in asked}


class ClockOrder(_Part):
    """`[[clock_orders]]`: a file in the root that sets the recorder's clock, and strftime's form of what it says."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$")]
    format: Annotated[str, Field(pattern=r"^(?:%[YmdHMSy]|[-/:. T])+$", max_length=64)]


class Clock(_Part):
    """`[clock]`: how the recorder's time is learned, best first, and how it is set: by the file of that name, or by
    "protocol"; left out: not at all. `defaults` are the days at which the makers' clocks start after they lost power.
    """

    measure: list[ClockMethod] = []
    set: Text | None = None
    defaults: list[date] = []


class Control(_Part):
    """`[[control]]`: a protocol that recorders of the family speak, and how such a device is known."""

    driver: Literal["ambarella", "jieli"]
    usb: list[UsbId] = []
    inquiry: Text | None = None


class Health(_Part):
    """`[health]`: where state of battery, card and firmware is told; an ini file has keys as `[binding]` has."""

    sources: list[Literal["log", "ini", "protocol"]]
    files: Texts | None = None
    encodings: list[Text] = ["utf-8-sig", "gb18030"]
    battery_percent: list[Text] = []
    battery_cycles: list[Text] = []
    battery_mv: list[Text] = []
    storage_free: list[Text] = []
    storage_total: list[Text] = []
    firmware: list[Text] = []

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The names in the ini file, in small letters, of each thing we ask for."""
        asked = ("battery_percent", "battery_cycles", "battery_mv", "storage_free", "storage_total", "firmware")
        return {name: tuple(key.lower() for key in getattr(self, name)) for name in asked}


class Gaps(_Part):
    """`[gaps]`: what recorders of the family do that is no gap between recordings; left out: not known."""

    rejoin_s: Annotated[int, Field(ge=1, le=3600)] | None = None
    pre_record_s: Annotated[int, Field(ge=0, le=3600)] | None = None
    sequence_first: Annotated[int, Field(ge=0, le=10**9)] | None = None
    sequence_last: Annotated[int, Field(ge=1, le=10**9)] | None = None
    encoders: list[Text] = []


class Line(_Part):
    """`[[log.line]]`: what a line of that pattern tells."""

    kind: LogKind
    pattern: Text


class Log(_Part):
    """`[[log]]`: how the lines of these logs are read. `stamp` finds a line's time (group `at`, form `time`)."""

    files: Texts
    encodings: Texts = ["utf-8-sig", "gb18030"]
    stamp: Text
    time: Texts
    line: Annotated[list[Line], Field(min_length=1)]


class FamilyFile(_Part):
    """A whole family file."""

    name: Annotated[str, Field(pattern=f"^{FAMILY_NAME.pattern}$")]
    title: Title
    extends: Text | None = None
    rank: Annotated[int, Field(ge=0, le=1000)]
    zone: Text | None = None
    clear: list[Kind] | None = None
    sources: list[Text] = []
    not_known: list[Text] = []
    segment_s: Annotated[int, Field(gt=0, le=86400)] | None = None
    traces: list[Text] = []
    expected: list[Text] = []
    recognise: list[Recognise] = []
    names: list[Name] = []
    kinds: dict[Kind, Texts] = {}
    key_mark: KeyMark | None = None
    side: list[Side] = []
    identity: Identity | None = None
    binding: Binding | None = None
    clock: Clock | None = None
    clock_orders: list[ClockOrder] = []
    control: list[Control] = []
    health: Health | None = None
    gaps: Gaps | None = None
    log: list[Log] = []
