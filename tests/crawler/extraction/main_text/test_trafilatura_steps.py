"""trafilatura's text is the same with and without the steps that cannot change it."""

import pytest
from lxml.etree import XPath
from lxml.html import HtmlElement, document_fromstring
from trafilatura import bare_extraction, core, main_extractor, xpaths

from crawler.extraction.main_text.attribute_tests import (
    AttributeFinder,
    FirstAttributeFinder,
    UntranslatableError,
)
from crawler.extraction.main_text.trafilatura_steps import extract_by_trafilatura

PARAGRAPH = "The harbour council met on Tuesday to decide about the old lighthouse. "
NAMES = (
    *('class="share-bar"', 'class="story-body"', 'id="main-content"', 'class="comments"'),
    *('class="newsletter"', 'id="comments-1" class="x"', 'class="x" id="cookie"', 'style="a"'),
    *('style="display: none"', 'aria-hidden="true"', 'role="navigation"', 'class="teaser"'),
    *('class="infinite-scroll"', 'itemprop="articleBody"', 'class="hide-me"', 'class="text"'),
    *('id="x" class="cookie-note"', 'class="cookie-note" id="x"', 'data-other="1"', 'class=""'),
)


def body_with_paragraphs(count: int, around: str = "div", name: str = "", rest: str = "") -> str:
    """Return a page with paragraphs in an element, and other mark-up behind it."""
    paragraphs = "".join(f"<p>{PARAGRAPH * 3} No. {number}.</p>" for number in range(count))
    return f"<html><body><{around} {name}>{paragraphs}</{around}>{rest}</body></html>"


PAGES = {
    "an article and nothing else": body_with_paragraphs(6, "article"),
    "a text among as many words of others": body_with_paragraphs(
        5, "article", "", f"<div>{'<div>Other words of the house.</div>' * 90}</div>"
    ),
    "a short text on a long page": body_with_paragraphs(
        1, "article", "", "".join(f"<div><p>{PARAGRAPH * 2}{at}</p></div>" for at in range(40))
    ),
    "a text in line breaks": f"<html><body><div id=story>{(PARAGRAPH + '<br>') * 12}</div></body>",
    "a text in a table": body_with_paragraphs(
        3, "td", "", f"<table><tr><td>{PARAGRAPH * 9}</table>"
    ),
    "hardly any text": "<html><body><p>Soon.</p></body></html>",
    "no text": "<html><body></body></html>",
    "boxes to leave out": body_with_paragraphs(
        6, "main", "", "".join(f"<div {name}><p>{PARAGRAPH}</p></div>" for name in NAMES)
    ),
    "boxes within the text": body_with_paragraphs(
        6, "div", 'class="post-body"', "".join(f"<div {name}>{PARAGRAPH}</div>" for name in NAMES)
    ),
    "an empty title within the text": body_with_paragraphs(
        4, "article", "", f"<section><title></title><p>{PARAGRAPH * 4}</p></section>"
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_text_is_the_one_that_trafilatura_finds_by_itself(name: str) -> None:
    page = PAGES[name]
    found = bare_extraction(document_fromstring(page), include_comments=False)

    text = extract_by_trafilatura(document_fromstring(page), None)

    assert text == ((found.text or "") if found is not None else "")


def test_trafilatura_itself_is_left_as_it_was() -> None:
    before = [vars(core).copy(), vars(main_extractor).copy()]

    extract_by_trafilatura(document_fromstring(PAGES["hardly any text"]), None)

    after = [vars(core), vars(main_extractor)]
    assert after == before


def named_tree() -> HtmlElement:
    """Return a tree in which elements of several tags have each of the names."""
    tags = ("div", "p", "section", "article", "ul", "span", "details", "aside")
    boxes = "".join(f"<{tag} {name}>x</{tag}>" for tag in tags for name in NAMES)
    within = f"<div class='infinite-scroll'><h1>One</h1></div>{boxes}"
    return document_fromstring(f"<html><body>{boxes}<div>{within}</div></body></html>")


@pytest.mark.parametrize(
    "name",
    [
        "RAW_TREE_PRUNE_XPATH",
        "REMOVE_COMMENTS_AND_LISTS_XPATH",
        "OVERALL_DISCARD_XPATH",
        "TEASER_DISCARD_XPATH",
    ],
)
def test_a_finder_finds_what_its_expressions_find(name: str) -> None:
    tree, expressions = named_tree(), getattr(xpaths, name)
    sought = {element for expression in expressions for element in expression(tree)}
    finder = AttributeFinder(expressions)

    assert finder(tree) == [element for element in tree.iter() if element in sought]
    assert finder(tree) == finder(tree)  # from memory


@pytest.mark.parametrize("number", [0, 2, 3])
def test_a_finder_of_one_finds_the_first_element_of_its_expression(number: int) -> None:
    tree, expression = named_tree(), xpaths.BODY_XPATH[number]

    assert FirstAttributeFinder(expression)(tree) == expression(tree)[:1] != []


@pytest.mark.parametrize(
    "path",
    [
        ".//header",
        ".//*[self::div][.//h1]",
        ".//*[@class='a' or count(p)=3][@id]/p",
        ".//*[re:test(@class, 'a|^$')]",
        "(.//*[@id='a'])[1]|(.//main)[1]",
        ".//*[self::div]",
        ".//*[string-length(@id) > 3]",
    ],
)
def test_an_expression_that_tests_more_than_attributes_is_not_translated(path: str) -> None:
    expression = XPath(path, namespaces={"re": "http://exslt.org/regular-expressions"})

    with pytest.raises(UntranslatableError):
        FirstAttributeFinder(expression)
