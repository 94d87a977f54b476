"""A Merkle tree over a custody log: one root for all entries, and short proofs for each.

The shape of RFC 6962 §2.1 with BLAKE3 for the hash: leaf = H(0x00 ‖ body), node = H(0x01 ‖ left ‖ right), split at the
largest power of two below the size; the root of no leaves is H of nothing. Hashes inside the tree are bare 32 bytes; a
root is a `Digest`, since roots are what leaves this module for checkpoints and bundles. Proofs are made here in time
proportional to the log and checked in time proportional to its logarithm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .canonical import canonical
from .digest import Algorithm, Digest, digest_of
from .errors import MalformedTree

HASH_BYTES = 32


def leaf_hash(body: bytes) -> bytes:
    """The leaf of an entry's body."""
    from blake3 import blake3

    return blake3(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node above two subtrees."""
    from blake3 import blake3

    return blake3(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree that only grows, kept as the roots of its full subtrees: enough to add leaves and to say the root.

    `peaks` stand from left to right, largest first: one for each bit that is set in `size`, over as many leaves as
    the bit is worth. `str()` gives a text that `parse` reads.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise MalformedTree(f"{len(self.peaks)} peaks over {self.size} leaves")
        for peak in self.peaks:
            _check_hash(peak)

    def append(self, leaf: bytes) -> Frontier:
        """The tree with one more leaf; this one stays as it is."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The tree with more leaves, in their order; one call is faster than many `append`."""
        from blake3 import blake3

        peaks = list(self.peaks)
        size = self.size
        for leaf in leaves:
            _check_hash(leaf)
            node, merging = leaf, size
            while merging & 1:
                node = blake3(b"\x01" + peaks.pop() + node).digest()
                merging >>= 1
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> Digest:
        """The root over all leaves so far."""
        if not self.peaks:
            return digest_of(b"")
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return Digest(Algorithm.BLAKE3, node)

    def __str__(self) -> str:
        return canonical({"size": self.size, "peaks": [peak.hex() for peak in self.peaks]}).decode()

    @classmethod
    def parse(cls, text: str) -> Frontier:
        """Read what `str()` gave; raises MalformedTree."""
        try:
            value: Any = json.loads(text)
            frontier = cls(value["size"], tuple(bytes.fromhex(peak) for peak in value["peaks"]))
        except MalformedTree:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise MalformedTree(str(error)) from error
        if type(frontier.size) is not int or str(frontier) != text:
            raise MalformedTree("another text than the frontier's own")
        return frontier


def root_of(leaves: Iterable[bytes]) -> Digest:
    """The root over `leaves`."""
    return Frontier().extend(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path (RFC 6962 §2.1.1) of the leaf at `index`, counted from 0: from the leaf's neighbour upwards.

    Raises MalformedTree when there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise MalformedTree(f"no leaf {index} of {len(leaves)}")
    start, end = 0, len(leaves)
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subroot(leaves, middle, end))
            end = middle
        else:
            path.append(_subroot(leaves, start, middle))
            start = middle
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: Digest) -> bool:
    """Whether `proof` shows that `leaf` stands at `index` of the tree of `size` leaves with this root.

    The walk of RFC 9162 §2.1.3.2, whose trees have the same shape.
    """
    if not 0 <= index < size or not _all_hashes([leaf, *proof]):
        return False
    position, last = index, size - 1
    node = leaf
    for neighbour in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(neighbour, node)
            position, last = _climb_past_right_edge(position, last)
        else:
            node = node_hash(node, neighbour)
        position >>= 1
        last >>= 1
    return last == 0 and Digest(Algorithm.BLAKE3, node) == root


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """The proof (RFC 6962 §2.1.2) that the tree of `leaves` only adds to the one of its first `old_size`.

    Empty when `old_size` is 0 or all: there is nothing to show. Raises MalformedTree when it is out of range.
    """
    if not 0 <= old_size <= len(leaves):
        raise MalformedTree(f"no first {old_size} of {len(leaves)} leaves")
    if old_size in (0, len(leaves)):
        return []
    start, end = 0, len(leaves)
    old_tree_is_whole = True  # the old root itself is known to who asks, and is left out
    path: list[bytes] = []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_subroot(leaves, middle, end))
            end = middle
        else:
            path.append(_subroot(leaves, start, middle))
            start = middle
            old_tree_is_whole = False
    if not old_tree_is_whole:
        path.append(_subroot(leaves, start, end))
    path.reverse()
    return path


def verify_consistency(
    old_size: int, old_root: Digest, new_size: int, new_root: Digest, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree with the new root holds the old one's leaves, unchanged, as its first.

    The walk of RFC 9162 §2.1.4.2; a tree without leaves is the beginning of every tree.
    """
    if not 0 <= old_size <= new_size or not _all_hashes(proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == Frontier().root()
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    # Where the old tree is one full subtree, its root is the start of both walks and not part of the proof.
    path = list(proof) if old_size & (old_size - 1) else [old_root.value, *proof]
    if not path:
        return False
    old_node = new_node = path[0]
    for neighbour in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node = node_hash(neighbour, old_node)
            new_node = node_hash(neighbour, new_node)
            position, last = _climb_past_right_edge(position, last)
        else:
            new_node = node_hash(new_node, neighbour)
        position >>= 1
        last >>= 1
    return (
        last == 0 and Digest(Algorithm.BLAKE3, old_node) == old_root and Digest(Algorithm.BLAKE3, new_node) == new_root
    )


def _climb_past_right_edge(position: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a node at the right edge has no sibling and moves up as it is."""
    while position and not position & 1:
        position >>= 1
        last >>= 1
    return position, last


def _split(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _subroot(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    return root_of(leaves[start:end]).value


def _check_hash(value: bytes) -> None:
    if len(value) != HASH_BYTES:
        raise MalformedTree(f"a hash of {len(value)} bytes")


def _all_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
