"""One setting: its default, and what is to be said of it. Pure."""

from __future__ import annotations

from dataclasses import field
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class About(NamedTuple):
    """What is to be said of a setting, and between which numbers it must lie."""

    says: str
    at_least: int | None = None
    at_most: int | None = None


def setting(default: T, says: str, at_least: int | None = None, at_most: int | None = None) -> T:
    """A field of a section of the settings."""
    made: Any = field(default=default, metadata={"about": About(says, at_least, at_most)})
    value: T = made
    return value
