"""Wipe list and outcome as text and back; and what a listing after the second mount proves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockd.root.removing import confirmed
from dockd.root.wipelist import (
    Clock,
    ClockSet,
    Listed,
    Outcome,
    Removal,
    WipeList,
    read_outcome,
    read_seal_facts,
    read_wipe_list,
)
from hashing.digest import digest_of
from retention.clearing import Doubt

NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: not {b"/", b"\0"} & {bytes([b]) for b in name})
PATHS = st.lists(NAMES.filter(lambda name: name not in (b".", b"..")), min_size=1, max_size=3).map(b"/".join)
SIZES = st.integers(0, 2**63)
LISTED = st.builds(Listed, PATHS, st.sampled_from(["file", "symlink", "fifo"]), SIZES, st.integers(-(2**63), 2**63))
REMOVALS = st.lists(
    st.builds(Removal, st.integers(1, 99), PATHS, SIZES, st.binary().map(digest_of)),
    unique_by=(lambda r: r.seq, lambda r: r.path),
    max_size=4,
)
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


@given(WORDS, WORDS, st.none() | SIZES, WORDS, st.lists(LISTED, max_size=4), REMOVALS, st.booleans())
def test_a_wipe_list_is_read_as_it_was_written(
    session: str, device: str, diskseq: int | None, seal: str, listing: list[Listed], remove: list[Removal], clock: bool
) -> None:
    order = Clock("TIMESET.TXT", "%Y-%m-%d %H:%M:%S") if clock else None
    wipe = WipeList(session, device, diskseq, seal, tuple(listing), tuple(remove), order)
    assert read_wipe_list(wipe.to_json()) == wipe


@given(WORDS, st.lists(SIZES), st.lists(st.tuples(SIZES, WORDS)), st.none() | WORDS)
def test_an_outcome_is_read_as_it_was_written(
    session: str, removed: list[int], kept: list[tuple[int, str]], fault: str | None
) -> None:
    outcome = Outcome(
        session, "sdb1", tuple(removed), tuple(kept), "remount", ClockSet("t.txt", "2026-11-20T04:00:07Z"), fault
    )
    assert read_outcome(outcome.to_json()) == outcome


KEYS = [
    "format",
    "session",
    "device",
    "diskseq",
    "seal",
    "listing",
    "remove",
    "clock",
    "seq",
    "path_hex",
    "entries",
    "opened",
    "sealed",
]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner)))
def test_nothing_that_json_can_say_surprises_the_readers(value: object) -> None:
    if isinstance(value, dict):
        value = {**value, "format": "dockd wipe list 1"}
    for reader in (read_wipe_list, read_outcome, read_seal_facts):
        with pytest.raises(ValueError):
            reader(json.dumps(value).encode())


def test_a_truth_is_no_number() -> None:
    outcome = json.loads(Outcome("s", "sdb1", (1,), ()).to_json())
    outcome["removed"] = [True]
    with pytest.raises(ValueError):
        read_outcome(json.dumps(outcome).encode())


A, B, C = (Listed(name, "file", 5, 7) for name in (b"a", b"b", b"c"))


@pytest.mark.contract("P3")
@pytest.mark.parametrize(
    ("now", "unlinked", "gone", "doubt"),
    [
        ([C], {b"a", b"b"}, {b"a", b"b"}, None),
        ([B, C], {b"a"}, {b"a"}, None),
        ([B, C], {b"a", b"b"}, {b"a"}, Doubt.STILL_LISTED),
        ([A, B, C], {b"a", b"b"}, set(), Doubt.STILL_LISTED),
        ([], {b"a", b"b"}, set(), Doubt.NOT_CONFIRMED),
        ([Listed(b"c", "file", 6, 7)], {b"a", b"b"}, set(), Doubt.NOT_CONFIRMED),
        ([Listed(b"c", "unlistable", 0, 0)], {b"a", b"b"}, set(), Doubt.NOT_CONFIRMED),
        ([C, Listed(b"d", "file", 1, 1)], {b"a", b"b"}, set(), Doubt.NOT_CONFIRMED),
    ],
    ids=["gone", "one-gone", "one-back", "all-back", "empty", "rest-changed", "rest-unlistable", "newcomer"],
)
def test_gone_is_what_is_missing_while_all_the_rest_is_there(
    now: list[Listed], unlinked: set[bytes], gone: set[bytes], doubt: Doubt | None
) -> None:
    assert confirmed([A, B, C], now, unlinked, {b"a", b"b"}) == (gone, doubt)
