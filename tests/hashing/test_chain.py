"""The chain of a custody log, and everything that breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.canonical import canonical
from hashing.chain import GENESIS, Break, Flaw, first_broken, link
from hashing.digest import Digest, digest_of
from hashing.errors import BrokenLink

Row = tuple[int, bytes, str]


def written(count: int, prev: Digest = GENESIS, first: int = 1) -> list[Row]:
    rows = []
    for seq in range(first, first + count):
        body = canonical({"seq": seq, "prev": str(prev), "kind": "clip-ingested", "data": {"name": f"clip {seq}"}})
        prev = link(prev, body)
        rows.append((seq, body, str(prev)))
    return rows


def forged(rows: list[Row], index: int, **changes: Any) -> list[Row]:
    """The log with one entry written anew, its own hash made to fit."""
    seq, prev = rows[index][0], rows[index - 1][2] if index else str(GENESIS)
    body = canonical({"seq": seq, "prev": prev, "kind": "clip-ingested", "data": {}} | changes)
    return [*rows[:index], (seq, body, str(digest_of(body))), *rows[index + 1 :]]


def test_the_first_entry_names_sixty_four_zeros() -> None:
    assert str(GENESIS) == "b3:" + "0" * 64
    assert link(GENESIS, written(1)[0][1]) == digest_of(written(1)[0][1])


def test_a_whole_chain_has_no_break() -> None:
    assert first_broken([]) is None
    assert first_broken(iter(written(50))) is None


def test_a_part_of_a_chain_is_checked_from_the_entry_before_it() -> None:
    rows = written(20)
    prev = Digest.parse(rows[11][2])
    assert first_broken(rows[12:], after_seq=12, prev=prev) is None
    assert first_broken(rows[12:], after_seq=12) == Break(13, Flaw.PREV, str(GENESIS), str(prev))


def test_a_line_that_names_another_entry_before_it_is_not_linked() -> None:
    rows = written(3)
    with pytest.raises(BrokenLink) as caught:
        link(Digest.parse(rows[0][2]), rows[2][1])
    assert (caught.value.expected, caught.value.found) == (rows[0][2], rows[1][2])


@given(st.integers(1, 12), st.data())
def test_no_bit_of_any_body_can_change_unseen(count: int, data: st.DataObject) -> None:
    rows = written(count)
    index = data.draw(st.integers(0, count - 1))
    seq, body, stored = rows[index]
    position = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[position // 8] ^= 1 << position % 8
    rows[index] = (seq, bytes(changed), stored)
    found = first_broken(rows)
    assert found is not None
    assert found.seq == seq


@given(st.integers(2, 12), st.data())
def test_an_entry_removed_doubled_or_moved_is_a_break(count: int, data: st.DataObject) -> None:
    rows = written(count)
    index = data.draw(st.integers(0, count - 2))
    removed = rows[:index] + rows[index + 1 :]
    assert first_broken(removed) == Break(index + 2, Flaw.SEQ, str(index + 1), str(index + 2))
    doubled = [*rows[: index + 1], *rows[index:]]
    assert first_broken(doubled) == Break(index + 1, Flaw.SEQ, str(index + 2), str(index + 1))
    swapped = [*rows[:index], rows[index + 1], rows[index], *rows[index + 2 :]]
    assert first_broken(swapped) == Break(index + 2, Flaw.SEQ, str(index + 1), str(index + 2))


def test_an_entry_written_anew_with_a_hash_that_fits_breaks_the_next() -> None:
    rows = written(10)
    changed = forged(rows, 4, data={"name": "another"})
    assert first_broken(changed) == Break(6, Flaw.PREV, changed[4][2], rows[4][2])


def test_a_hash_that_was_changed_is_the_break() -> None:
    rows = written(3)
    wrong = str(digest_of(b"wrong"))
    rows[1] = (2, rows[1][1], wrong)
    assert first_broken(rows) == Break(2, Flaw.HASH, str(digest_of(rows[1][1])), wrong)


def test_an_entry_that_names_another_than_the_one_before_it_is_the_break() -> None:
    rows = written(5)
    wrong = str(digest_of(b"wrong"))
    assert first_broken(forged(rows, 2, prev=wrong)) == Break(3, Flaw.PREV, rows[1][2], wrong)
    assert first_broken(forged(rows, 0, prev=None)) == Break(1, Flaw.PREV, str(GENESIS), "None")


@pytest.mark.parametrize("seq", [2, 4, "3", None, [3]])
def test_an_entry_stored_under_another_number_than_it_states_is_the_break(seq: Any) -> None:
    assert first_broken(forged(written(5), 2, seq=seq)) == Break(3, Flaw.SEQ, "3", str(seq))


def test_true_is_not_the_number_one() -> None:
    assert first_broken(forged(written(2), 0, seq=True)) == Break(1, Flaw.SEQ, "1", "True")


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"seq": 1}', b'{"seq":1,"seq":1}', b"\xff", b"{}\n"])
def test_a_body_that_is_no_canonical_map_is_the_break(body: bytes) -> None:
    found = first_broken([(1, body, str(digest_of(body)))])
    assert found is not None
    assert (found.seq, found.what) == (1, Flaw.BODY)
