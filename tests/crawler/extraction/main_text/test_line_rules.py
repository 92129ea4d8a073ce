"""The article's own lines among the page's."""

from __future__ import annotations

import pytest

from crawler.extraction.main_text.line_rules import KnownLines, clean_text_lines

KNOWN = KnownLines(
    headline="Pier to be rebuilt",
    byline="By Ines Calder",
    authors=("Ines Calder",),
    date_lines=("Posted May 9, 2023",),
    language="en",
    links=frozenset({"ferry timetable changes for the winter"}),
)
BODY = ["The council voted on Tuesday to rebuild the pier.", "Work begins in March."]


@pytest.mark.parametrize(
    "lines",
    [
        ["Pier to be rebuilt", *BODY],
        ["Pier to be rebuilt", "By Ines Calder", "Posted May 9, 2023", *BODY],
        [*BODY, "Ines Calder"],
        [BODY[0], "Read more: Ferry timetable changes for the winter", BODY[1]],
        [BODY[0], "Ferry timetable changes for the winter", BODY[1]],
        [BODY[0], "Lire aussi : Le bac de l’île", BODY[1]],
        [*BODY, "Comments0"],
        [*BODY, "12 Kommentare"],
        [*BODY, "© 2023 The Ellery Courier. All rights reserved."],
        ["Town", "Harbour", "Pier to be rebuilt", *BODY, "More news", "Sport"],
    ],
)
def test_what_the_page_prints_around_the_article_is_left_out(lines: list[str]) -> None:
    assert clean_text_lines("\n".join(lines), KNOWN).lines == BODY


@pytest.mark.parametrize(
    "line",
    [
        "Related questions were left for the next meeting.",
        "By Friday the divers will have marked the piles.",
        "LAS PALMAS, May 9, 2023 --",
        "Comments were made by both sides.",
        "No more tolls! No more tolls!",
    ],
)
def test_sentences_that_only_look_alike_stay(line: str) -> None:
    assert line in clean_text_lines("\n".join([BODY[0], line, BODY[1]]), KNOWN).lines


def test_table_marks_are_not_words() -> None:
    assert clean_text_lines("| Town | 12 % |\n|---|---|\n" + BODY[0], KNOWN).lines == [
        "Town 12 %",
        BODY[0],
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Comments0", "the words of a button, a counter or an advertisement"),
        ("Ferry timetable changes for the winter", "entirely a link"),
        ("Lire aussi : Le bac de l’île", "points to another page"),
        (
            "Ferry crews walk out again Ferry crews walk out again",
            "a title beside its picture's: points to another page",
        ),
        ("© 2023 The Ellery Courier. All rights reserved.", "a claim of copyright"),
        ("By Ines Calder", "a byline"),
        ("Posted May 9, 2023", "the line with the date"),
        ("Pier to be rebuilt", "the headline again"),
    ],
)
def test_each_line_that_is_left_out_says_why(line: str, reason: str) -> None:
    assert clean_text_lines("\n".join([line, *BODY]), KNOWN).dropped == [(line, reason)]


PARAGRAPHS = tuple(
    f"Pile number {number} of the pier is to be drawn from the mud in the week of the spring tide, the divers said."
    for number in range(8)
)


def test_a_summary_that_the_page_prints_twice_stays_once() -> None:
    summary = "The council rebuilds the pier that a storm broke apart two winters ago, and pays for it with a toll."
    cleaned = clean_text_lines("\n".join([summary, *PARAGRAPHS, summary]), KNOWN)
    assert cleaned.lines == [summary, *PARAGRAPHS]
    assert cleaned.dropped == [(summary, "the text has it already")]


def test_a_summary_of_whole_paragraphs_is_not_said_again() -> None:
    summary = f"{PARAGRAPHS[0]} {PARAGRAPHS[1]}"
    cleaned = clean_text_lines("\n".join([summary, *PARAGRAPHS]), KNOWN)
    assert cleaned.lines == list(PARAGRAPHS)
    assert cleaned.dropped == [(summary, "a summary in the text's own words")]


@pytest.mark.parametrize(
    "lines",
    [
        [*PARAGRAPHS, *PARAGRAPHS],
        [
            line
            for text in PARAGRAPHS
            for line in (f"{PARAGRAPHS[0][:-1]}, or was it another?", text)
        ],
        [PARAGRAPHS[0], "No more tolls!", PARAGRAPHS[1], "No more tolls!"],
        ["Pier to be rebuilt, " + PARAGRAPHS[0], *PARAGRAPHS],
    ],
)
def test_a_text_that_is_printed_twice_and_a_refrain_stay(lines: list[str]) -> None:
    assert clean_text_lines("\n".join(lines), KNOWN).lines == lines
