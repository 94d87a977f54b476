"""Canonical JSON: one value, one text."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.canonical import canonical, parse_canonical
from hashing.errors import HashingError, NotCanonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([2**53, 2**63, 2**64, -(2**63) - 1]) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


class Number(Enum):
    ONE = 1


@dataclass
class Record:
    a: int = 1


def test_keys_are_sorted_and_nothing_is_escaped_that_need_not_be() -> None:
    value = {"z": 1, "a": ["\u4e2d\u6587", None, True, -5], "m": {"b": '"\\\n\x01\x7f\u2028', "a": ""}}
    expected = '{"a":["\u4e2d\u6587",null,true,-5],"m":{"a":"","b":"\\"\\\\\\n\\u0001\x7f\u2028"},"z":1}'
    assert canonical(value) == expected.encode()


@given(VALUES)
def test_a_value_comes_back_from_its_text(value: Any) -> None:
    text = canonical(value)
    assert parse_canonical(text) == value
    assert canonical(parse_canonical(text)) == text
    assert json.loads(text) == value


@given(VALUES)
def test_the_text_is_that_of_the_standard_library(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    assert canonical(value) == text.encode()


@given(st.dictionaries(TEXT, st.integers(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_in_which_a_map_was_made_does_not_show(value: dict[str, int], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


def test_a_tuple_is_a_list_and_an_enumeration_its_text() -> None:
    assert canonical({"t": (1, (2,)), Colour.RED: Colour.RED}) == b'{"red":"red","t":[1,[2]]}'


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def holds_itself() -> list[Any]:
    value: list[Any] = []
    value.append({"a": value})
    return value


@pytest.mark.parametrize(
    "value",
    [
        *(1.0, 0.5, float("nan"), float("inf"), [1, [2, 3.0]], {"a": {"b": 1e300}}),
        *({1: "a"}, {None: 1}, {True: 1}, {"a": [{2: 1}]}, {"a": 1, 2: 3}, {1.5: 1}),
        *("\ud800", {"\udfff": 1}, ["a\udc80"]),
        *(b"bytes", {1, 2}, object(), {"a": Any}, nested(200_000), holds_itself()),
        *(Number.ONE, Record(), uuid.UUID(int=1), [datetime(2026, 1, 1, tzinfo=UTC)], {"a": date(2026, 1, 1)}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_other_readers_would_read_differently_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical) as caught:
        canonical(value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, HashingError)


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"",
            b" ",
            b"{",
            b'{"a":1}\n',
            b' {"a":1}',
            b'{"a": 1}',
            b'{"b":1,"a":2}',
            b'{"a":1,"a":1}',
            b'{"a":1,"a":2}',
        ),
        *(
            b"1.0",
            b"1e3",
            b"-0",
            b"01",
            b"NaN",
            b"Infinity",
            b"[1,]",
            b'"\\u0041"',
            b'"\\/"',
            b'"\\u4e2d"',
            b'"\\ud800"',
        ),
        *(b'"\\u001F"', b'"\n"', b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf1", '"a"'.encode("utf-16"), b"null null"),
        *(b"[" * 200_000, b"[" * 200_000 + b"]" * 200_000, b"9" * 5000),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_text_that_is_not_its_own_canonical_form_is_refused(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(text)
