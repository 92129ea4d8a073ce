"""Repairs of a page's tree where an element interrupts a sentence or joins two of them.

A `time`, a name behind a button, an outlet's custom element: a person who reads the page sees one
sentence, so such elements become spans. Pictures and players end a line if a sentence ends before
them, and are passed over within a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.etree import strip_elements
from lxml.html import HtmlElement

from crawler.extraction.blocks import INLINE_TAGS, UNSEEN_TAGS

INLINE_WORD_TAGS = ("output", "slot", "label", "time", "q", "noindex")
"""Elements that may hold words of a sentence, and hold none of the text where they stand alone."""
FORM_CONTROL_TAGS = frozenset(("button", "meter", "progress"))
MEDIA_TAGS = ("img", "picture", "embed", "iframe", "video", "audio", "object", "canvas", "map")
VOID_TAGS = ("embed", "source", "track", "wbr", "keygen")
"""Elements without content; libxml2 wrongly makes what follows them their content."""
OFTEN_EMPTY_TAGS = (
    "script",
    "style",
    "noscript",
    "template",
    "button",
    "select",
    "ins",
    "span",
    "a",
    "b",
    "i",
    "em",
    "strong",
)
"""Elements that may be invisible on the page."""
STYLING_TAGS = ("span", "a", "b", "strong", "em", "i", "font", "small")
"""Elements that style sheets may separate from the words around them."""
_SENTENCE_ENDING = re.compile(r"[^\W\d_A-ZÀ-Þ][.!?…][”\"»]?$")
MAX_EMPTY_SIBLINGS = 8
"""Adjacent empty elements that a search for the preceding text skips."""
SENTENCE_START = re.compile(r"[^\W\d_a-zß-öø-ÿ][^\W\d_ ]|[^\W\d_a-zß-öø-ÿ] \w|[«“„\"¿¡]")
"""The beginning of a sentence that may follow the end of another without a space."""
FORMULA_SOURCE_TAGS = ("annotation", "annotation-xml")
"""Sources of a formula beside its presentation, as TeX: no text of the page."""
STANDARD_TAGS_TEXT = """
address area article aside audio base basefont bgsound blockquote body br button canvas caption center col colgroup
datalist dd details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6
head header hgroup hr html iframe img input label legend li link main map math menu menuitem meta meter nav noembed
noframes noscript object ol optgroup option output p param picture plaintext pre progress script search section select
slot source style summary svg table tbody td template textarea tfoot th thead title tr track ul video xmp
"""
STANDARD_TAGS = frozenset(STANDARD_TAGS_TEXT.split()) | INLINE_TAGS
"""Elements of HTML (WHATWG, with the obsolete ones); any other is custom, or a word processor's."""
SENTENCE_BLOCK_TAGS_TEXT = """
address article aside blockquote center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li
main nav ol p pre section table td tr ul br
"""
SENTENCE_BLOCK_TAGS = tuple(SENTENCE_BLOCK_TAGS_TEXT.split())
"""Elements that cannot stand within a sentence."""
PARAGRAPH_TAGS = frozenset(
    (
        "p",
        "li",
        "dd",
        "dt",
        "blockquote",
        "figcaption",
        "summary",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    )
)
"""Elements whose text, with that of inline elements in them, is one paragraph."""
SENTENCE_END_CHARACTERS = frozenset(".!?…。！？:;»”\"’')]")
SENTENCE_CONTINUATION = re.compile(r"\s*(?:[a-zß-öø-ÿ0-9,;.!?)\]»”’%–—-]|[^\W\d_A-ZÀ-ÞΑ-ΩА-Я])")
"""The beginning of the rest of a sentence: anything but a capital letter."""
MIN_HOST_LETTERS = 25
"""Letters that a paragraph must have outside its elements to be the host of a sentence."""


def mend_sentences(tree: HtmlElement) -> None:
    """Join the sentences that elements interrupt, and separate those that only a picture divides.

    Changes the tree in place.
    """
    for element in list(tree.iter(*VOID_TAGS)):
        if len(element) or element.text:
            element.drop_tag()
    _replace_custom_elements(tree)
    _flatten_formulas(tree)
    for element in list(tree.iter("button", "meter", "progress", "slot", "output")):
        if is_amid_sentence(element):
            element.tag = "span"
    _break_lines_at_media(tree)
    _separate_at_empty_elements(tree)
    for element in tree.iter(*STYLING_TAGS):
        _insert_missing_spaces(element)


def _break_lines_at_media(tree: HtmlElement) -> None:
    """End the line at each picture or player that does not stand within a sentence."""
    for media in list(tree.iter(*MEDIA_TAGS)):
        element = _media_with_wrappers(media)
        is_between_texts = (element.tail or "").strip() and text_before_element(element)
        if is_between_texts and not _is_passed_over(element, is_media=True):
            part_behind(element)


def _separate_at_empty_elements(tree: HtmlElement) -> None:
    """Separate two sentences with nothing but an invisible element between them."""
    for element in list(tree.iter(*OFTEN_EMPTY_TAGS)):
        if not (element.tail and SENTENCE_START.match(element.tail)):
            continue
        if _ends_sentence(text_before_element(element)) and _is_invisible_element(element):
            _separate_sentences(element)


def _replace_custom_elements(tree: HtmlElement) -> None:
    """Replace elements that HTML does not know: by spans within a sentence, otherwise by boxes."""
    unknown = [element for element in tree.iter("*") if element.tag not in STANDARD_TAGS]
    for element in unknown:
        if next(element.iterancestors("svg", "math"), None) is not None:
            continue
        has_boxes = next(element.iterdescendants(*SENTENCE_BLOCK_TAGS), None) is not None
        is_box = has_boxes or not _is_passed_over(element)
        element.tag = "div" if is_box else "span"


def _flatten_formulas(tree: HtmlElement) -> None:
    """Replace each MathML formula by a span of its text."""
    for formula in list(tree.iter("math")):
        strip_elements(formula, *FORMULA_SOURCE_TAGS, with_tail=False)
        text = " ".join(formula.text_content().split())
        for part in list(formula):
            formula.remove(part)
        formula.tag, formula.text = "span", text


def _is_invisible_element(element: HtmlElement) -> bool:
    return element.tag in UNSEEN_TAGS or not element.text_content().strip()


def _block_around(element: HtmlElement) -> HtmlElement | None:
    """Return the nearest element around that is not inline."""
    outer = (ancestor for ancestor in element.iterancestors() if ancestor.tag not in INLINE_TAGS)
    return next(outer, None)


def _is_in_paragraph(element: HtmlElement) -> bool:
    host = _block_around(element)
    return host is not None and host.tag in PARAGRAPH_TAGS


def _separate_sentences(element: HtmlElement) -> None:
    """Separate the sentences around an invisible element, such as a script or an empty ad slot."""
    if _is_in_paragraph(element):
        element.tail = f" {element.tail}"
    else:
        part_behind(element)


def _insert_missing_spaces(element: HtmlElement) -> None:
    """Insert the missing space between sentences that only a style sheet separates."""
    if _begins_sentence(element.tail) and _SENTENCE_ENDING.search(_content_end(element)):
        element.tail = f" {element.tail}"
    if _begins_sentence(element.text):
        _insert_space_before(element)


def _begins_sentence(text: str | None) -> bool:
    if not text or not text[0].isupper():
        return False
    return SENTENCE_START.match(text) is not None


def _insert_space_before(element: HtmlElement) -> None:
    """Put a space in front of an element that directly follows the end of a sentence."""
    previous, parent = element.getprevious(), element.getparent()
    if previous is None:
        if parent is not None and parent.text and _SENTENCE_ENDING.search(parent.text[-4:]):
            parent.text += " "
    elif previous.tail:
        if _SENTENCE_ENDING.search(previous.tail[-4:]):
            previous.tail += " "
    elif previous.tag in INLINE_TAGS and _SENTENCE_ENDING.search(_content_end(previous)):
        previous.tail = " "


def _content_end(element: HtmlElement) -> str:
    """Return the last four characters, at most, of the last text within an element."""
    while len(element) and not element[-1].tail:
        element = element[-1]
    text = element[-1].tail if len(element) else element.text
    return (text or "")[-4:]


def _media_with_wrappers(element: HtmlElement) -> HtmlElement:
    """Return the outermost link or span that holds a picture and nothing else, or the picture."""
    parent = element.getparent()
    while (
        parent is not None
        and parent.tag in INLINE_TAGS
        and not (element.tail or "").strip()
        and _has_no_text(parent)
    ):
        element, parent = parent, parent.getparent()
    return element


def _has_no_text(element: HtmlElement) -> bool:
    return not element.text_content().strip()


def text_before_element(element: HtmlElement) -> str:
    """Return the piece of text right before an element, stripped; empty if a box lies between."""
    for _ in range(MAX_EMPTY_SIBLINGS):
        previous = element.getprevious()
        if previous is None:
            parent = element.getparent()
            text = parent.text if parent is not None else ""
            return (text or "").strip()
        if previous.tail and previous.tail.strip():
            return str(previous.tail).strip()
        text = _last_text_piece(previous)
        if text:
            return text if previous.tag in INLINE_TAGS else ""
        element = previous
    return ""


def _last_text_piece(element: HtmlElement) -> str:
    """Return the last piece of text within an element, stripped."""
    while len(element):
        last = element[-1]
        if last.tail and last.tail.strip():
            return str(last.tail).strip()
        element = last
    return (element.text or "").strip()


def _ends_sentence(text: str) -> bool:
    """Return whether a stripped text ends like a sentence."""
    return text[-1:] in SENTENCE_END_CHARACTERS


def is_amid_sentence(element: HtmlElement) -> bool:
    """Return whether an element stands between the words of a sentence."""
    if next(element.iterdescendants(*SENTENCE_BLOCK_TAGS), None) is not None:
        return False
    ahead, after = text_before_element(element), (element.tail or "").strip()
    is_field = element.tag in FORM_CONTROL_TAGS
    if ahead and after:
        return not _ends_sentence(ahead) or not is_field or bool(SENTENCE_CONTINUATION.match(after))
    if not ahead and not after:
        return False
    host = _block_around(element)
    if host is None or host.tag not in PARAGRAPH_TAGS:
        return False
    if after and not SENTENCE_CONTINUATION.match(after):
        return False
    if ahead and (is_field or _ends_sentence(ahead)):
        return False
    return _has_words(host)


def _has_words(host: HtmlElement) -> bool:
    """Return whether a paragraph has at least `MIN_HOST_LETTERS` letters outside its elements."""
    letters = len((host.text or "").strip())
    for part in host:
        if letters >= MIN_HOST_LETTERS:
            break
        letters += len((part.tail or "").strip())
    return letters >= MIN_HOST_LETTERS


def _is_passed_over(element: HtmlElement, is_media: bool = False) -> bool:
    """Return whether the text before and after an element is one sentence."""
    ahead, after = text_before_element(element), (element.tail or "").strip()
    if ahead and _ends_sentence(ahead):
        return _is_in_paragraph(element) and not is_media
    return _is_in_paragraph(element) or bool(after and SENTENCE_CONTINUATION.match(after))


def part_behind(element: HtmlElement) -> None:
    """Put a line break between an element and the text behind it."""
    line_break = element.makeelement("br")
    line_break.tail, element.tail = element.tail, None
    element.addnext(line_break)


def unwrap_inline_words(tree: HtmlElement, tags: Iterable[str] = INLINE_WORD_TAGS) -> None:
    """Turn elements within a sentence into spans, as trafilatura would cut them out of it."""
    for element in list(tree.iter(*tags)):
        if is_amid_sentence(element):
            element.tag = "span"
