"""Tables in a terminal: what identifies a row is never cut, and the rest wraps at words."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from archive.cli.text_tables import TextTable, text_table, wrap_cells
from archive.text.printable import readable_url

HOST = "www.harbour-of-the-north.example"
JAPANESE = "首相、日本海に向けミサイル発射と発表。「断じて容認できない」と強く非難した"
CHINESE = "总理说，政府不会接受这一结果；反对党要求重新计票"
KOREAN = "북한이 일본 상공을 통과하는 탄도미사일을 발사했다고 밝혔다"
LATIN = "Ferry crews walk out as internationalisation of the harbour begins"


def shown(table: TextTable, width: int) -> list[str]:
    return [line for _, line in table.lines(width)]


def test_columns_stand_below_one_another_and_the_last_is_wrapped_to_the_width() -> None:
    rows = [
        ("harbour.example", "12", "·", None),
        ("新聞.example", "3", "1", "2 × HTTP 500, timed out, connection refused"),
        ("2 outlets", "15", "1", ""),
    ]
    table = text_table(("outlet", "new", "failed", "why"), rows, numbers=("new", "failed"))
    assert shown(table, 55) == [
        "outlet           new  failed  why",
        "harbour.example   12       ·",
        "新聞.example       3       1  2 × HTTP 500, timed out,",
        "                              connection refused",
        "2 outlets         15       1",
    ]


@pytest.mark.parametrize("width", [30, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("headline", [JAPANESE, CHINESE, KOREAN, LATIN])
def test_hosts_and_numbers_are_whole_and_headlines_lose_no_letter_at_any_width(
    width: int, headline: str
) -> None:
    heads = ("id", "outlet", "headline", "why")
    rows = [(1_234_567, HOST, headline, "missile, Japan, Korea"), (1, "x.example", "Short", "")]
    lines = shown(text_table(heads, rows, whole=("outlet",), numbers=("id",)), width)
    assert sum(HOST in line and "1234567" in line for line in lines) == 1
    begin = lines[0].index("headline")
    end = lines[0].index("why")
    columns = [column_cells(line, begin, end) for line in lines[1:-1]]
    assert "".join("".join(columns).split()) == "".join(headline.split())
    if width >= 100:
        assert max(map(cell_len, lines)) <= width


def column_cells(line: str, begin: int, end: int) -> str:
    """The letters of a line in a column of the screen."""
    places = [cell_len(line[:number]) for number in range(len(line))]
    return "".join(
        letter for letter, place in zip(line, places, strict=True) if begin <= place < end
    )


def test_japanese_and_chinese_wrap_between_letters_by_their_width_and_not_before_a_full_stop() -> (
    None
):
    for text in (JAPANESE, CHINESE):
        lines = wrap_cells(text, 17)
        assert "".join(lines) == text
        assert all(cell_len(line) <= 17 for line in lines)
        assert all(cell_len(line) >= 12 for line in lines[:-1]), "the lines are full"
        assert not any(line[0] in "、。，；」" for line in lines)


def test_korean_and_latin_wrap_at_blanks() -> None:
    for text in (KOREAN, LATIN):
        lines = wrap_cells(text, 24)
        assert " ".join(lines) == text
        assert all(cell_len(line) <= 24 for line in lines)


def test_a_word_wider_than_a_line_is_broken_and_vowel_signs_stay_with_their_letters() -> None:
    assert wrap_cells("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert all(line[0] not in "ัิีึืุู็่้" for line in wrap_cells("นายกรัฐมนตรีกล่าวว่ารัฐบาลจะไม่ยอมรับ", 9))
    assert wrap_cells("", 10) == [""]


def test_columns_that_may_be_missed_go_where_there_is_no_room() -> None:
    rows = [(HOST, "Ferry crews walk out again in the harbour", "strike, ferry, crews")]
    table = text_table(("outlet", "headline", "why"), rows, optional=("why",))
    assert shown(table, 120)[0].endswith("why")
    assert shown(table, 60)[0].endswith("headline")
    assert max(map(cell_len, shown(table, 60))) <= 60


def test_a_line_break_in_a_cell_begins_no_row_and_controls_no_terminal() -> None:
    assert shown(text_table(("a", "b"), [("x", "one\ntwo\x1b[31m")]), 80)[1] == "x  one two[31m"


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("https://fa.example/%D8%A7%DB%8C%D8%B1%D8%A7%D9%86/1", "https://fa.example/ایران/1"),
        ("https://x.example/a%20b?q=%2F%26", "https://x.example/a%20b?q=%2F%26"),
        ("https://x.example/%E9%zz%FF%C3%A9", "https://x.example/%E9%zz%FF%C3%A9"),
        ("https://x.example/%e2%80%ae", "https://x.example/%e2%80%ae"),
    ],
)
def test_a_url_is_shown_with_its_letters_as_browsers_do(url: str, readable: str) -> None:
    assert readable_url(url) == readable
