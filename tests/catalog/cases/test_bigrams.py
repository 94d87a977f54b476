"""Terms: every word of a text is found by what is looked up for it, also a word of two signs and of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.cases.bigrams import pairs_of, plain, searched, terms, words_of

_SIGNS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(_SIGNS, st.data())
def test_any_part_of_a_text_is_found_by_its_terms(text: str, data: st.DataObject) -> None:
    compared = plain(text)
    if not compared:
        return
    begin = data.draw(st.integers(0, len(compared) - 1))
    end = data.draw(st.integers(begin + 1, len(compared)))
    known = terms(searched([text]))
    for word in compared[begin:end].split():
        assert set(pairs_of(word)) <= known
        assert any(term.startswith(word[0]) for term in known)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("未取得取水许可擅自取水", "取水"),
        ("ＡＢＣ有限公司", "abc"),
        ("２０２６年", "2026"),
        ("王  芳", "芳"),
        ("Straße", "STRASSE"),
    ],
)
def test_width_and_capitals_do_not_matter(text: str, word: str) -> None:
    (compared,) = words_of(word)
    assert compared in searched([text])
    assert set(pairs_of(compared)) <= terms(searched([text]))


def test_no_word_reaches_from_one_part_into_the_next() -> None:
    text = searched(["王芳", "李伟"])
    assert "芳李" not in terms(text)
    assert terms(text) == {"王芳", "芳", "李伟", "伟"}


def test_a_query_is_its_words_each_once() -> None:
    assert words_of("  取水 王芳　取水 ") == ("取水", "王芳")
    assert words_of(" \t ") == ()
