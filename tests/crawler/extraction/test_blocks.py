"""A page as the row of text blocks that a reader sees."""

from __future__ import annotations

import pytest
from lxml.etree import SubElement
from lxml.html import document_fromstring

from crawler.extraction.blocks import link_lists, remove_note_marks, text_blocks

PAGES = {
    "inline mark-up does not end a block": (
        "<p>The <b>ferry</b> <span>left</span>.</p>",
        ["The ferry left."],
    ),
    "a box inside a box ends the block of the outer one": (
        "<div>one<p>two</p>three</div>",
        ["one", "two", "three"],
    ),
    "a line break ends a block": ("<p>one<br>two</p>", ["one", "two"]),
    "a comment does not end a block": (
        "<p>one<!-- of --> two<?php three ?> four</p>",
        ["one two four"],
    ),
    "what no reader sees is left out, not what follows it": (
        "<p>one <script>of()</script>two<select><option>three</option></select> four</p>",
        ["one two four"],
    ),
    "what stands behind the last box counts": ("<div><p>one</p></div>two", ["one", "two"]),
}


MARKS = {
    "a linked number": "<p>the town<a href='#fn-3'>3</a>, she said</p>",
    "one in brackets, set high": "<p>the town<sup><a href='/a#fn-3'>[3]</a></sup>, she said</p>",
}


@pytest.mark.parametrize("html", MARKS.values(), ids=MARKS)
def test_a_mark_of_a_note_is_no_word_of_the_text(html: str) -> None:
    tree = document_fromstring(html)
    remove_note_marks(tree)
    assert [block.text for block in text_blocks(tree)] == ["the town, she said"]


def test_numbers_that_point_nowhere_and_words_that_do_stay() -> None:
    tree = document_fromstring(
        '<p>x<sup>2</sup> of <a href="/2">2</a> in <a href="#two">two</a></p>'
    )
    remove_note_marks(tree)
    assert [block.text for block in text_blocks(tree)] == ["x2 of 2 in two"]


@pytest.mark.parametrize(("html", "texts"), PAGES.values(), ids=PAGES)
def test_a_block_is_what_no_box_or_line_break_interrupts(html: str, texts: list[str]) -> None:
    assert [block.text for block in text_blocks(document_fromstring(html))] == texts


def test_a_block_knows_its_element_its_links_and_whether_a_line_break_ended_the_block_before_it() -> (
    None
):
    first, second = text_blocks(
        document_fromstring("<div><p>Read <a href='/x'>the <i>log</i></a> now<br>or not</p></div>")
    )
    assert (first.text, first.linked, first.element.tag, first.broken) == (
        "Read the log now",
        6,
        "p",
        False,
    )
    assert (second.text, second.linked, second.element.tag, second.broken) == (
        "or not",
        0,
        "p",
        True,
    )


def test_a_link_around_boxes_links_all_of_them_and_none_behind_it() -> None:
    page = document_fromstring(
        "<div><a href='/x'><div>one</div><div>two</div></a><div>three</div></div>"
    )
    assert [block.linked for block in text_blocks(page)] == [3, 3, 0]


def test_a_nest_of_boxes_deeper_than_python_recurses_is_read() -> None:
    page = document_fromstring("<p>above</p>")
    inner = page.find("body")
    for _ in range(1_500):
        inner = SubElement(inner, "div")
    inner.text = "here"
    assert [block.text for block in text_blocks(page)] == ["above", "here"]


def test_of_lists_of_links_the_outermost_are_told_in_the_order_of_the_page() -> None:
    menu = "".join(f"<li><a href='/{at}'>Part {at}</a></li>" for at in range(6))
    text = "<p>The ferry left the island at noon.</p>"
    page = document_fromstring(
        f"<div><nav id='a'><ul>{menu}</ul></nav>{text}<ul id='b'>{menu}</ul>{text}</div>"
    )
    found = link_lists(tuple(page.iter()), text_blocks(page))
    assert [element.get("id") for element in found] == ["a", "b"]
