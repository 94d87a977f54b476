"""The Merkle tree against the definitions of RFC 6962, written down as they stand there."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from hashing.digest import Algorithm, Digest
from hashing.errors import MalformedTree
from hashing.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

BODIES = [f"entry {number}".encode() for number in range(200)]
LEAVES = [leaf_hash(body) for body in BODIES]
SIZES = range(71)


def naive_hash(bodies: list[bytes]) -> bytes:
    """MTH, §2.1."""
    if not bodies:
        return blake3(b"").digest()
    if len(bodies) == 1:
        return blake3(b"\x00" + bodies[0]).digest()
    k = naive_split(len(bodies))
    return blake3(b"\x01" + naive_hash(bodies[:k]) + naive_hash(bodies[k:])).digest()


def naive_path(m: int, bodies: list[bytes]) -> list[bytes]:
    """PATH, §2.1.1."""
    if len(bodies) == 1:
        return []
    k = naive_split(len(bodies))
    if m < k:
        return [*naive_path(m, bodies[:k]), naive_hash(bodies[k:])]
    return [*naive_path(m - k, bodies[k:]), naive_hash(bodies[:k])]


def naive_subproof(m: int, bodies: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF, §2.1.2; PROOF(m, D) is naive_subproof(m, D, True)."""
    if m == len(bodies):
        return [] if whole else [naive_hash(bodies)]
    k = naive_split(len(bodies))
    if m <= k:
        return [*naive_subproof(m, bodies[:k], whole), naive_hash(bodies[k:])]
    return [*naive_subproof(m - k, bodies[k:], False), naive_hash(bodies[:k])]


def naive_split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def root(size: int) -> Digest:
    return Digest(Algorithm.BLAKE3, naive_hash(BODIES[:size]))


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("size", SIZES)
def test_every_root_is_the_one_of_the_definition(size: int) -> None:
    assert root_of(LEAVES[:size]) == root(size)


def test_a_frontier_that_grows_leaf_by_leaf_has_every_root_on_the_way() -> None:
    frontier = Frontier()
    for size in SIZES:
        assert frontier.size == size
        assert frontier.root() == root(size)
        assert Frontier.parse(str(frontier)) == frontier
        frontier = frontier.append(LEAVES[size])


def test_a_frontier_is_not_changed_by_what_grows_from_it() -> None:
    frontier = Frontier().extend(LEAVES[:11])
    text = str(frontier)
    assert frontier.append(LEAVES[11]) != frontier.append(LEAVES[12])
    assert str(frontier) == text


@given(st.integers(0, 200), st.lists(st.integers(0, 200), max_size=6))
def test_where_a_log_was_cut_into_parts_does_not_show(size: int, cuts: list[int]) -> None:
    frontier = Frontier()
    edges = sorted({0, size, *(cut for cut in cuts if cut < size)})
    for start, end in pairwise(edges):
        frontier = Frontier.parse(str(frontier)).extend(iter(LEAVES[start:end]))
    assert frontier == Frontier().extend(LEAVES[:size])


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_is_the_one_of_the_definition_and_verifies(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(LEAVES[:size], index)
        assert proof == naive_path(index, BODIES[:size])
        assert verify_inclusion(LEAVES[index], index, size, proof, root(size))


@pytest.mark.parametrize("size", SIZES)
def test_every_consistency_proof_is_the_one_of_the_definition_and_verifies(size: int) -> None:
    for old_size in range(size + 1):
        proof = consistency_proof(LEAVES[:size], old_size)
        assert proof == (naive_subproof(old_size, BODIES[:size], True) if old_size else [])
        assert verify_consistency(old_size, root(old_size), size, root(size), proof)


@pytest.mark.parametrize("size", range(1, 20))
def test_a_proof_shows_one_leaf_at_one_place_in_one_tree(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(LEAVES[:size], index)
        for other in range(size + 2):
            assert verify_inclusion(LEAVES[index], other, size, proof, root(size)) == (other == index)
            assert verify_inclusion(LEAVES[other], index, size, proof, root(size)) == (other == index)
        for other_size in range(1, 24):
            if other_size != size:
                assert not verify_inclusion(LEAVES[index], index, other_size, proof, root(other_size))
        assert not verify_inclusion(LEAVES[index], -1, size, proof, root(size))
        assert not verify_inclusion(LEAVES[index], index, size, [*proof, LEAVES[0]], root(size))
        if proof:
            assert not verify_inclusion(LEAVES[index], index, size, proof[:-1], root(size))


@pytest.mark.parametrize("size", range(1, 20))
def test_a_consistency_proof_shows_one_pair_of_trees(size: int) -> None:
    for old_size in range(1, size + 1):
        proof = consistency_proof(LEAVES[:size], old_size)
        for other in range(1, size + 1):
            same = other == old_size
            assert verify_consistency(old_size, root(other), size, root(size), proof) == same
            assert verify_consistency(other, root(other), size, root(size), proof) == same
            assert verify_consistency(old_size, root(old_size), size, root(other), proof) == (other == size)
        assert not verify_consistency(old_size, root(old_size), size, root(size), [*proof, LEAVES[0]])
        if proof:
            assert not verify_consistency(old_size, root(old_size), size, root(size), proof[:-1])
    assert not verify_consistency(size + 1, root(size + 1), size, root(size), [])
    assert not verify_consistency(-1, root(0), size, root(size), [])


def test_a_tree_without_leaves_is_the_beginning_of_every_tree() -> None:
    assert verify_consistency(0, root(0), 7, root(7), [])
    assert not verify_consistency(0, root(1), 7, root(7), [])
    assert not verify_consistency(0, root(0), 7, root(7), [LEAVES[0]])


@settings(deadline=None)
@given(st.integers(2, 3000), st.data())
def test_large_trees_prove_too_and_no_bit_of_a_proof_can_change(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(size)]
    whole = root_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves, index)
    assert verify_inclusion(leaves[index], index, size, proof, whole)
    step, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    broken = [*proof[:step], flipped(proof[step], bit), *proof[step + 1 :]]
    assert not verify_inclusion(leaves[index], index, size, broken, whole)
    assert not verify_inclusion(flipped(leaves[index], bit), index, size, proof, whole)

    old_size = data.draw(st.integers(1, size - 1))
    old_root = root_of(leaves[:old_size])
    proof = consistency_proof(leaves, old_size)
    assert verify_consistency(old_size, old_root, size, whole, proof)
    step = data.draw(st.integers(0, len(proof) - 1))
    broken = [*proof[:step], flipped(proof[step], bit), *proof[step + 1 :]]
    assert not verify_consistency(old_size, old_root, size, whole, broken)
    changed = [flipped(leaves[0], bit), *leaves[1:]]
    assert not verify_consistency(old_size, old_root, size, root_of(changed), consistency_proof(changed, old_size))


def test_a_node_cannot_pass_as_a_leaf() -> None:
    body = LEAVES[0] + LEAVES[1]
    assert leaf_hash(body) != root_of(LEAVES[:2]).value
    assert not verify_inclusion(leaf_hash(body), 0, 1, [], root(2))


def test_hashes_of_another_length_verify_nothing() -> None:
    assert not verify_inclusion(b"", 0, 1, [], root(1))
    assert not verify_inclusion(LEAVES[0], 0, 2, [LEAVES[1][:-1]], root(2))
    assert not verify_consistency(1, root(1), 2, root(2), [LEAVES[1] + b"\0"])


def test_a_root_by_another_algorithm_is_not_the_root() -> None:
    assert not verify_inclusion(LEAVES[0], 0, 1, [], Digest(Algorithm.SHA256, LEAVES[0]))


def test_a_question_about_a_leaf_that_is_not_there_is_refused() -> None:
    for index in (-1, 5, 6):
        with pytest.raises(MalformedTree):
            inclusion_proof(LEAVES[:5], index)
    for old_size in (-1, 6):
        with pytest.raises(MalformedTree):
            consistency_proof(LEAVES[:5], old_size)
    with pytest.raises(MalformedTree):
        Frontier().append(b"short")


PEAK = LEAVES[0].hex()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "7", "{}", "null", "[" * 99_999, '{"peaks":[],"size":1}', '{"peaks":7,"size":1}'),
        *('{"peaks":["zz"],"size":1}', '{"peaks":[7],"size":1}', f'{{"peaks":["{PEAK[:-2]}"],"size":1}}'),
        *(f'{{"peaks":["{PEAK}"],"size":{size}}}' for size in ("0", "3", "-1", "true", '"1"', "1.0", "null")),
        f'{{"peaks":["{PEAK.upper()}"],"size":1}}',
        f'{{"peaks": ["{PEAK}"],"size":1}}',
        f'{{"peaks":["{PEAK}"],"size":1,"x":0}}',
    ],
    ids=lambda text: text[:40],
)
def test_a_stored_frontier_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedTree):
        Frontier.parse(text)


def test_frontiers_of_all_sizes_come_back_from_their_text() -> None:
    source = random.Random(6962)
    for _ in range(200):
        size = source.randrange(1 << 40)
        frontier = Frontier(size, tuple(source.randbytes(32) for _ in range(size.bit_count())))
        assert Frontier.parse(str(frontier)) == frontier
