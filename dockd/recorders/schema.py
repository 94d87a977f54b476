"""The shape of a family file. Only `files` imports this: it is the edge where TOML becomes values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .family import Kind

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
    files: Texts | None = None
    label: Text | None = None
    names_share: Annotated[float, Field(gt=0, le=1)] | None = None


class Name(_Part):
    """`[[names]]`: a pattern of names with named groups, and how the time in it is written."""

    pattern: Text
    start: list[Text] = []


class KeyMark(_Part):
    """`[key_mark]`: values of the group `key`, and files beside a clip, that mark it."""

    values: list[Text] = []
    side_files: list[Text] = []


class Side(_Part):
    """`[[side]]`: files that are not what their extension says."""

    files: Texts
    kind: Literal["video", "audio", "photo", "log", "track", "unknown"]


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


class FamilyFile(_Part):
    """A whole family file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    title: Title
    extends: Text | None = None
    rank: Annotated[int, Field(ge=0, le=1000)]
    zone: Text | None = None
    clear: list[Kind] | None = None
    traces: list[Text] = []
    recognise: list[Recognise] = []
    names: list[Name] = []
    kinds: dict[Kind, Texts] = {}
    key_mark: KeyMark | None = None
    side: list[Side] = []
    identity: Identity | None = None
    binding: Binding | None = None
