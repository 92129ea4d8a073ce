"""Two texts side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive.text.diff import DiffParagraph, diff_texts
from archive.text.diff_columns import column_rows, columns_as_html, shared_word_share

REPORT = (
    "The ferry to Santa Lirio stopped on Monday.\n"
    "Engineers found a crack in the hull.\n"
    "Passengers must take the bus until May."
)
REWRITTEN = (
    "A crack was seen, the harbour office says.\n"
    "Engineers found a crack in the hull.\n"
    "Fishermen offer rides for ten crowns.\n"
    "The mayor is silent."
)


def said(paragraphs: list[DiffParagraph]) -> str:
    return "\n".join("".join(piece.text for piece in paragraph) for paragraph in paragraphs)


def test_each_column_reads_as_its_own_text_and_shared_paragraphs_face_each_other() -> None:
    rows = column_rows(diff_texts(REPORT, REWRITTEN))
    stopped, crack, bus = REPORT.split("\n")
    seen, _, *others = REWRITTEN.split("\n")
    facing = [(said(earlier), said(later)) for earlier, later in rows]
    assert facing == [(stopped, seen), (crack, crack), (bus, "\n".join(others))]


def test_what_both_texts_have_is_marked_and_nothing_else() -> None:
    page = columns_as_html(diff_texts(REPORT, REWRITTEN))
    assert page.count("<mark>Engineers found a crack in the hull.</mark>") == 2
    assert page.count("<mark") == 2
    assert page.count('<tr class="alike">') == 1


def test_a_passage_at_another_place_is_marked_as_such_in_both_columns() -> None:
    lines = REPORT.split("\n")
    page = columns_as_html(diff_texts(REPORT, "\n".join([lines[2], lines[0], lines[1]])))
    assert page.count('class="dateline-moved"') == 2
    assert "at another place in the later text" in page


def test_columns_show_and_never_run_what_a_text_says() -> None:
    page = columns_as_html(diff_texts("Fine <b>words</b>.", "<script>alert(1)</script> words."))
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_the_share_of_common_words_goes_from_none_to_all() -> None:
    assert shared_word_share(diff_texts(REPORT, REPORT)) == 1
    assert shared_word_share(diff_texts("", "")) == 1
    assert shared_word_share(diff_texts("One two three.", "Four five six seven.")) == 0
    assert 0.2 < shared_word_share(diff_texts(REPORT, REWRITTEN)) < 0.5


WORDS = st.sampled_from(["one", "two", "three.", "four.", "five", "\n"])
TEXTS = st.lists(WORDS, max_size=30).map(" ".join)


@given(old=TEXTS, new=TEXTS)
def test_no_word_of_either_text_is_lost_in_the_columns(old: str, new: str) -> None:
    rows = column_rows(diff_texts(old, new))
    assert "\n".join(said(later) for _, later in rows).split() == new.split()
    assert sorted("\n".join(said(earlier) for earlier, _ in rows).split()) == sorted(old.split())
