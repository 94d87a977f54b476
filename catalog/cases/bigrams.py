"""Full text by pairs of signs: Chinese has no spaces between words, and most of its words are two signs long.

A text is found by the terms it is made of: every two signs that stand beside each other, and its last sign alone, so
that one sign is found too, as the beginning of a term. The same table serves both databases, which each have an index
of their own that the other lacks, and both of which miss words of two signs (SQLite's trigrams, PostgreSQL's parsers).
Terms find candidates; whether the word really stands there is then looked up in the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Ends each part of a text: no word reaches across it, because no word holds it.
BREAK = "\n"


def plain(text: str) -> str:
    """A text as it is compared: full-width signs as the narrow ones (NFKC), no capitals, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def searched(parts: Iterable[str]) -> str:
    """Several texts as one that words are looked up in; none reaches from one into the next."""
    return BREAK.join(found for part in parts if (found := plain(part)))


def terms(text: str) -> frozenset[str]:
    """The terms of what `searched` gives: pairs within a word, and the last sign of each word."""
    words = text.split()
    return frozenset(word[at : at + 2] for word in words for at in range(len(word)))


def words_of(query: str) -> tuple[str, ...]:
    """The words somebody asks for, each once."""
    return tuple(dict.fromkeys(plain(query).split()))


def pairs_of(word: str) -> tuple[str, ...]:
    """The terms that a text with this word has for certain: its pairs; none for a single sign."""
    return tuple(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))
