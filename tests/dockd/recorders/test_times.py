"""Times in names: the short way through the commonest form says what strptime says."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dockd.recorders.times import parse_time

FORM = "%Y%m%d%H%M%S"
OTHER_WAY_ROUND = "%S%M%H%d%m%Y"


def by_strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


@given(
    st.builds(
        "{:04d}{:02d}{:02d}{:02d}{:02d}{:02d}".format,
        st.integers(0, 9999),
        st.integers(0, 13),
        st.integers(0, 32),
        st.integers(0, 25),
        st.integers(0, 61),
        st.integers(0, 62),
    )
)
@example("20240229235959")
@example("20230229000000")
@example("00010101000000")
@example("20261120081560")
@example("20261120081561")
def test_fourteen_digits_are_read_as_strptime_reads_them(text: str) -> None:
    assert parse_time(text, [FORM]) == by_strptime(text, FORM)


@pytest.mark.parametrize("text", ["2026112008150", "202611200815000", "2026112008150٣", "2026-11-20 08:15:00", ""])
def test_anything_else_is_left_to_strptime(text: str) -> None:
    assert parse_time(text, [FORM]) == by_strptime(text, FORM)


def test_digits_that_do_not_fit_the_first_form_are_tried_with_the_next() -> None:
    assert parse_time("59302320112026", [FORM, OTHER_WAY_ROUND]) == datetime(2026, 11, 20, 23, 30, 59)
