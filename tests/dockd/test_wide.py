"""Text laid out by the columns it takes: Chinese signs take two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dockd.helping import WideFormatter
from dockd.wide import columns_of, padded, wrapped

SIGNS = "ab -(/，。：（）「」采集记录仪"


def test_a_chinese_sign_takes_two_columns() -> None:
    assert columns_of("dockd 采集站：") == 14


def test_padding_counts_columns() -> None:
    assert [columns_of(padded(text, 13)) for text in ("新采集", "ingested", "")] == [13, 13, 13]


def test_no_line_begins_with_a_closing_sign_or_ends_with_an_opening_one() -> None:
    lines = wrapped("采集站一切正常。记录仪（三号仓）可以取走，谢谢。", 14)
    assert all(line[0] not in "，。）" and line[-1] != "（" for line in lines)
    assert "".join(lines) == "采集站一切正常。记录仪（三号仓）可以取走，谢谢。"


def test_words_and_options_are_never_cut() -> None:
    assert wrapped("除非指定 --clear after-verify，否则不删除", 20) == [
        "除非指定 --clear",
        "after-verify，否则不",
        "删除",
    ]


@given(st.text(SIGNS, max_size=80), st.integers(8, 40))
def test_wrapping_loses_nothing_and_keeps_to_the_width(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        # What cannot be parted may be longer: one word, or signs that may not begin or end a line.
        assert columns_of(line) <= columns or len(wrapped(line, 1)) == 1


def test_help_keeps_within_the_window() -> None:
    formatter = WideFormatter(width=60)
    formatter.write_text(
        "每一项有且只有一个结果：新采集、已在库、隔离或失败，最后给出合计。" * 3 + "\n\n\b\n  as it stands" + " x" * 40
    )
    formatter.write_dl(
        [("--clear", "核验无误的资料是否从记录仪删除。" * 4), ("--a-very-long-option-with-a-name", "短")]
    )
    shown = formatter.getvalue().splitlines()
    assert all(columns_of(line) <= 60 for line in shown if "stands" not in line)
    assert "  as it stands" + " x" * 40 in shown
