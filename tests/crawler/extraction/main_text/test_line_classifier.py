"""Which of a page's blocks are its article's."""

from __future__ import annotations

from lxml.html import fromstring

from crawler.extraction.blocks import text_blocks
from crawler.extraction.main_text.line_classifier import (
    block_log_odds,
    choose_lines,
    f1_weight_threshold,
    feature_weights,
    reasons_against_block,
)
from crawler.extraction.main_text.line_features import (
    BlockFeatures,
    PageClaims,
    compute_block_features,
    count_prose_letters,
)

LINES = [
    "The council of Port Ellery voted on Tuesday to rebuild the eastern pier, which a storm took in January.",
    "Work begins in March, the mayor said, and should be over before the first ferries of the summer.",
    "Fishermen had asked for a longer pier, but the council found no money for it in this year's budget.",
]
SIGN = "heads a paragraph"
AROUND = "<div class='{0}'><p>{1}</p></div>"


def page(*rest: str, before: str = "") -> str:
    paragraphs = "".join(f"<p>{line}</p>" for line in LINES)
    text = f"<h1>Pier to be rebuilt</h1><div class='story-body'>{paragraphs}</div>"
    return f"<html><body><div class='wrap'>{before}{text}{''.join(rest)}</div></body></html>"


def lines(html: str, found: list[str], said: str = "") -> list[str]:
    return choose_lines(
        text_blocks(fromstring(html)), PageClaims("\n".join(found), "Pier to be rebuilt", said)
    ).lines


def test_the_lines_of_a_plain_article_all_stay() -> None:
    choice = choose_lines(
        text_blocks(fromstring(page())), PageClaims("\n".join(LINES), "Pier to be rebuilt")
    )
    assert (choice.lines, choice.dropped, choice.added) == (LINES, [], [])


def test_a_reminder_to_subscribe_below_the_text_is_left_out_with_its_reason() -> None:
    offer = "Get the best of our newsroom by mail, every morning"
    around = text_blocks(fromstring(page(AROUND.format("newsletter-signup promo", offer))))
    choice = choose_lines(around, PageClaims("\n".join([*LINES, offer])))
    assert choice.lines == LINES
    assert choice.dropped[0][0] == offer
    assert choice.dropped[0][1]


def test_comments_that_were_taken_for_text_are_left_out() -> None:
    comment = "i walk my dog there every day and nobody asked me"
    assert lines(page(AROUND.format("comment-list comments", comment)), [*LINES, comment]) == LINES


def test_a_line_that_stands_nowhere_on_the_page_as_a_block_stays() -> None:
    assert (
        lines(page(), [*LINES, "A line that trafilatura put together"])[-1]
        == "A line that trafilatura put together"
    )


def test_a_name_of_the_box_around_everything_says_nothing_of_a_paragraph() -> None:
    """Themes write `right-sidebar related comments-open` on a page's outermost boxes."""
    wrapped = page().replace(
        "class='wrap'", "class='has-sidebar related-on comments-open newsletter'"
    )
    assert lines(wrapped, LINES) == LINES


def test_lines_keep_the_order_of_the_page() -> None:
    assert [line for line in lines(page(), LINES) if line in LINES] == LINES


def test_menus_and_single_words_are_not_judged_at_all() -> None:
    menu = "<ul><li><a href=/a>Harbour and ferries today</a></li><li><a href=/b>Council</a></li></ul><p>Sport</p>"
    texts = [
        one.block.text
        for one in compute_block_features(
            text_blocks(fromstring(page(before=menu))), PageClaims("\n".join(LINES))
        )
    ]
    assert texts[0] == "Pier to be rebuilt"


def test_a_paragraph_that_trafilatura_missed_is_added_as_the_others_are_marked_up_alike() -> None:
    missed = "The ferry company said it would help to pay for the longer pier, if the town asked it to do so in writing."
    html = page().replace(f"<p>{LINES[2]}</p>", f"<p>{missed}</p><p>{LINES[2]}</p>")
    assert lines(html, LINES) == [*LINES[:2], missed, LINES[2]]


def test_the_weights_are_those_of_the_table_and_reasons_are_the_strongest_against() -> None:
    block = text_blocks(fromstring(page()))[0]
    for found, table in (("line", feature_weights(has=True)), ("no", feature_weights(has=False))):
        worst, best = min(table, key=table.__getitem__), max(table, key=table.__getitem__)
        one = BlockFeatures(block, "", found, [best, worst, "never seen"])
        assert block_log_odds(one) == table[best] + table[worst]
        assert reasons_against_block(one) == worst
    assert feature_weights(has=True) != feature_weights(has=False)


def test_prose_is_what_stands_in_longer_blocks_outside_links() -> None:
    menu = (
        "<a href=/x>A headline of some other article, long enough to be a sentence of its own</a>"
    )
    assert count_prose_letters(text_blocks(fromstring(page(before=menu)))) == sum(map(len, LINES))


def test_a_live_report_of_many_small_articles_stays_whole() -> None:
    said = [f"{line} So it stood at {at}.15 in the afternoon." for at, line in enumerate(LINES * 4)]
    entries = "".join(
        f"<article class='post teaser'><h3>{at}.15</h3><p>{line}</p></article>"
        for at, line in enumerate(said)
    )
    html = f"<html><body><h1>Pier to be rebuilt</h1><div class='live'>{entries}</div></body></html>"
    assert lines(html, said) == said


def test_a_note_of_correction_stays_whatever_speaks_against_it() -> None:
    note = "Correction, 14 March: an earlier version of this article gave the pier a length of 40 metres; it has 60."
    html = page(AROUND.format("newsletter-signup promo", note))
    assert lines(html, [*LINES, note]) == [*LINES, note]


def test_a_short_heading_above_the_text_is_not_added_to_it() -> None:
    html = page().replace(
        "<div class='story-body'>", "<div class='story-body'><h2>Pier: council has voted</h2>"
    )
    assert lines(html, LINES) == LINES


def test_less_is_asked_of_a_line_where_the_signs_are_unsure_of_the_page() -> None:
    one, *_ = compute_block_features(text_blocks(fromstring(page())), PageClaims("\n".join(LINES)))
    sure, unsure = (
        f1_weight_threshold([(one, 6.0), (one, -6.0)]),
        f1_weight_threshold([(one, -1.0), (one, -1.5)]),
    )
    assert unsure < sure < 0
    assert abs(sure) < 0.02
    assert f1_weight_threshold([]) == 0


def test_a_heading_right_above_a_paragraph_of_the_text_is_told_from_one_in_a_box_of_its_own() -> (
    None
):
    headings = f"<h2>When work begins</h2><p>{LINES[1]}</p><div><h2>More from the port</h2></div>"
    html = page().replace(f"<p>{LINES[1]}</p>", headings)
    found = compute_block_features(text_blocks(fromstring(html)), PageClaims("\n".join(LINES)))
    assert [one.block.text for one in found if SIGN in one.signs] == ["When work begins"]


def test_a_page_without_a_text_yields_none() -> None:
    assert lines("<html><body><p>Word</p></body></html>", []) == []
