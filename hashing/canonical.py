"""Canonical JSON: one value, one text, so that a value can be hashed and signed.

Keys sorted by code point, no spaces, UTF-8 without escapes where JSON needs none: the text of RFC 8785 (JCS) for what
is allowed here, but for keys outside the Basic Multilingual Plane, which JCS sorts by their UTF-16 units. Allowed are
None, bool, int, str, lists, and maps with text keys. Fractions are refused: readers print them differently.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from .errors import NotCanonical

# Writes the same text as the standard library's encoder, ten times as fast: of docking a small file that was a
# twentieth. What it knows and JSON does not – dates, data classes – it leaves to the other one, to be refused.
_FAST = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
# The rule: what the fast one will not take is written, or refused with its reason, by this one.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_LEAVES = frozenset({str, int, bool, type(None)})


def canonical(value: Any) -> bytes:
    """The one text of `value`. A tuple counts as a list, a `StrEnum` as its text.

    Raises NotCanonical for a float, a key that is no text, a lone surrogate, a value that holds itself or is nested
    deeper than the interpreter reaches, and any other type.
    """
    try:
        text = orjson.dumps(value, None, _FAST)
    except orjson.JSONEncodeError:
        text = _by_the_rule(value)
        _refuse_what_they_let_pass(value, keys=True)
    else:
        _refuse_what_they_let_pass(value)
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


def _by_the_rule(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("lone surrogate") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise NotCanonical(str(error)) from error


def _refuse_what_they_let_pass(value: Any, *, keys: bool = False) -> None:
    """Fractions, types of which the fast encoder made something, and `keys` of which the standard library's made text.
    One of them has run before: `value` is finite.
    """
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if keys:
                _refuse_keys(item)
            within: Iterable[Any] = item.values()
        elif isinstance(item, (list, tuple)):
            within = item
        elif isinstance(item, (str, int)) or item is None:
            continue
        else:
            raise NotCanonical(type(item).__name__)
        waiting += [inner for inner in within if type(inner) not in _LEAVES]


def _refuse_keys(item: dict[Any, Any]) -> None:
    for key in item:
        if not isinstance(key, str):
            raise NotCanonical(f"key of type {type(key).__name__}")
