"""Canonical JSON: one value, one text, so that a value can be hashed and signed.

Keys sorted by code point, no spaces, UTF-8 without escapes where JSON needs none: the text of RFC 8785 (JCS) for what
is allowed here, but for keys outside the Basic Multilingual Plane, which JCS sorts by their UTF-16 units. Allowed are
None, bool, int, str, lists, and maps with text keys. Fractions are refused: readers print them differently.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .errors import NotCanonical

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_LEAVES = frozenset({str, int, bool, type(None)})
_TEXT = frozenset({str})


def canonical(value: Any) -> bytes:
    """The one text of `value`. A tuple counts as a list, a `StrEnum` as its text.

    Raises NotCanonical for a float, a key that is no text, a lone surrogate, a value that holds itself or is nested
    deeper than the interpreter reaches, and any other type.
    """
    try:
        text = _ENCODER.encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("lone surrogate") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    _refuse_what_json_lets_pass(value)
    return text


def parse_canonical(data: bytes) -> Any:
    """The value whose canonical text is exactly `data`; raises NotCanonical for any other text.

    Rendering the parsed value again settles it: a key given twice, another order, a space, an escape that was not
    needed, `1.0` and `-0` all fail to come back.
    """
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from error
    if canonical(value) != data:
        raise NotCanonical("another text than its value's own")
    return value


def _refuse_what_json_lets_pass(value: Any) -> None:
    """Fractions, and keys that the encoder turned into text. It has run before: `value` is finite and JSON."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if not _TEXT.issuperset(map(type, item)):
                _refuse_keys(item)
            within: Iterable[Any] = item.values()
        elif isinstance(item, (list, tuple)):
            within = item
        elif isinstance(item, float):
            raise NotCanonical("float")
        else:
            continue
        # By far the most hold leaves alone: they are seen to do so without a step of Python for each.
        if not _LEAVES.issuperset(map(type, within)):
            waiting.extend(inner for inner in within if type(inner) not in _LEAVES)


def _refuse_keys(item: dict[Any, Any]) -> None:
    for key in item:
        if not isinstance(key, str):
            raise NotCanonical(f"key of type {type(key).__name__}")
