"""Elements amid a sentence are made its words, and what stands between two sentences parts them.

Time, names behind buttons, an outlet's own elements: a reader sees one sentence. Pictures and
players end a line where a sentence ends before them, and are passed over within one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.etree import strip_elements
from lxml.html import HtmlElement

from crawler.extraction.blocks import INLINE, UNSEEN

WORDS = ("output", "slot", "label", "time", "q", "noindex")
"""Elements that a sentence may have words in, and that are none where they stand alone."""
FIELDS = frozenset(("button", "meter", "progress"))
PICTURES = ("img", "picture", "embed", "iframe", "video", "audio", "object", "canvas", "map")
VOID = ("embed", "source", "track", "wbr", "keygen")
"""Elements that hold nothing; libxml2 hangs what follows below them."""
EMPTY = (
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
"""Elements of which a reader may see nothing."""
MARKS = ("span", "a", "b", "strong", "em", "i", "font", "small")
_ENDED = re.compile(r"[^\W\d_A-ZÀ-Þ][.!?…][”\"»]?$")
MOST_EMPTY = 8
"""Empty elements in a row that are looked past."""
GLUED = re.compile(r"[^\W\d_a-zß-öø-ÿ][^\W\d_ ]|[^\W\d_a-zß-öø-ÿ] \w|[«“„\"¿¡]")
"""How a sentence begins."""
FORMULA_SOURCES = ("annotation", "annotation-xml")
KNOWN_TEXT = """
address area article aside audio base basefont bgsound blockquote body br button canvas caption center col colgroup
datalist dd details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6
head header hgroup hr html iframe img input label legend li link main map math menu menuitem meta meter nav noembed
noframes noscript object ol optgroup option output p param picture plaintext pre progress script search section select
slot source style summary svg table tbody td template textarea tfoot th thead title tr track ul video xmp
"""
KNOWN = frozenset(KNOWN_TEXT.split()) | INLINE
"""Elements of HTML; any other is an outlet's own, or a word processor's."""
BOXES_TEXT = """
address article aside blockquote center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li
main nav ol p pre section table td tr ul br
"""
BOXES = tuple(BOXES_TEXT.split())
PARAGRAPHS = frozenset(
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
SENTENCE_ENDS = frozenset(".!?…。！？:;»”\"’')]")
GOES_ON = re.compile(r"\s*(?:[a-zß-öø-ÿ0-9,;.!?)\]»”’%–—-]|[^\W\d_A-ZÀ-ÞΑ-ΩА-Я])")
"""How the rest of a sentence begins: with no capital."""
FEWEST = 25
"""Letters of a sentence around an element."""


def mend(tree: HtmlElement) -> None:
    """Make one sentence of each that elements part, and two of those that only a picture parts."""
    for element in list(tree.iter(*VOID)):
        if len(element) or element.text:
            element.drop_tag()
    _own_elements(tree)
    _formulas(tree)
    for element in list(tree.iter("button", "meter", "progress", "slot", "output")):
        if is_amid_sentence(element):
            element.tag = "span"
    for element in map(_whole_picture, list(tree.iter(*PICTURES))):
        if (
            (element.tail or "").strip()
            and before(element)
            and not _is_passed_over(element, picture=True)
        ):
            part_behind(element)
    for element in list(tree.iter(*EMPTY)):
        if (
            element.tail
            and GLUED.match(element.tail)
            and _ends(before(element))
            and _is_unseen(element)
        ):
            _unglue(element)
    for element in tree.iter(*MARKS):
        _space_out(element)


def _own_elements(tree: HtmlElement) -> None:
    """Elements that HTML does not know: words where they stand amid a sentence, else boxes."""
    for element in [each for each in tree.iter("*") if each.tag not in KNOWN]:
        if next(element.iterancestors("svg", "math"), None) is None:
            boxed = next(element.iterdescendants(*BOXES), None) is not None
            element.tag = "div" if boxed or not _is_passed_over(element) else "span"


def _formulas(tree: HtmlElement) -> None:
    for formula in list(tree.iter("math")):
        strip_elements(formula, *FORMULA_SOURCES, with_tail=False)
        text = " ".join(formula.text_content().split())
        for part in list(formula):
            formula.remove(part)
        formula.tag, formula.text = "span", text


def _is_unseen(element: HtmlElement) -> bool:
    return element.tag in UNSEEN or not element.text_content().strip()


def _unglue(element: HtmlElement) -> None:
    """Part two sentences between which something stood that nobody sees: a script, the place of an
    advertisement."""
    host = next((around for around in element.iterancestors() if around.tag not in INLINE), None)
    if host is not None and host.tag in PARAGRAPHS:
        element.tail = f" {element.tail}"
    else:
        part_behind(element)


def _space_out(element: HtmlElement) -> None:
    """Put the space between two sentences that only a style sheet parts."""
    if (
        element.tail
        and element.tail[0].isupper()
        and GLUED.match(element.tail)
        and _ENDED.search(_raw_end(element))
    ):
        element.tail = f" {element.tail}"
    if element.text and element.text[0].isupper() and GLUED.match(element.text):
        previous, around = element.getprevious(), element.getparent()
        if previous is None:
            if around is not None and around.text and _ENDED.search(around.text[-4:]):
                around.text += " "
        elif previous.tail:
            if _ENDED.search(previous.tail[-4:]):
                previous.tail += " "
        elif previous.tag in INLINE and _ENDED.search(_raw_end(previous)):
            previous.tail = " "


def _raw_end(element: HtmlElement) -> str:
    while len(element) and not element[-1].tail:
        element = element[-1]
    return ((element[-1].tail if len(element) else element.text) or "")[-4:]


def _whole_picture(element: HtmlElement) -> HtmlElement:
    """A picture with the link or span that holds nothing else."""
    around = element.getparent()
    while (
        around is not None
        and around.tag in INLINE
        and not (element.tail or "").strip()
        and _is_bare(around)
    ):
        element, around = around, around.getparent()
    return element


def _is_bare(element: HtmlElement) -> bool:
    return not element.text_content().strip()


def before(element: HtmlElement) -> str:
    """The text right before an element, in the same box."""
    for _ in range(MOST_EMPTY):
        previous = element.getprevious()
        if previous is None:
            around = element.getparent()
            return ((around.text if around is not None else "") or "").strip()
        if previous.tail and previous.tail.strip():
            return str(previous.tail).strip()
        if text := _last_text(previous):
            return text if previous.tag in INLINE else ""
        element = previous
    return ""


def _last_text(element: HtmlElement) -> str:
    """The last piece of text in an element."""
    while len(element):
        last = element[-1]
        if last.tail and last.tail.strip():
            return str(last.tail).strip()
        element = last
    return (element.text or "").strip()


def _ends(text: str) -> bool:
    """Whether a stripped text ends as sentences do."""
    return text[-1:] in SENTENCE_ENDS


def is_amid_sentence(element: HtmlElement) -> bool:
    """Whether an element stands between the words of a sentence."""
    if next(element.iterdescendants(*BOXES), None) is not None:
        return False
    ahead, after = before(element), (element.tail or "").strip()
    if ahead and after:
        return not _ends(ahead) or element.tag not in FIELDS or bool(GOES_ON.match(after))
    if not ahead and not after:
        return False
    host = next((around for around in element.iterancestors() if around.tag not in INLINE), None)
    if host is None or host.tag not in PARAGRAPHS:
        return False
    goes_on = (
        bool(GOES_ON.match(after)) if after else element.tag not in FIELDS and not _ends(ahead)
    )
    return goes_on and _has_words(host)


def _has_words(host: HtmlElement) -> bool:
    """Whether a paragraph has some words of its own beside its elements."""
    letters = len((host.text or "").strip())
    for part in host:
        if letters >= FEWEST:
            break
        letters += len((part.tail or "").strip())
    return letters >= FEWEST


def _is_passed_over(element: HtmlElement, picture: bool = False) -> bool:
    """Whether the text around an element is one sentence."""
    ahead, after = before(element), (element.tail or "").strip()
    host = next((around for around in element.iterancestors() if around.tag not in INLINE), None)
    in_paragraph = host is not None and host.tag in PARAGRAPHS
    goes_on = bool(after) and GOES_ON.match(after) is not None
    if not ahead:
        return in_paragraph or goes_on
    if _ends(ahead):
        return in_paragraph and not picture
    return in_paragraph or goes_on


def part_behind(element: HtmlElement) -> None:
    """Put a line break between an element and the text behind it."""
    line_break = element.makeelement("br")
    line_break.tail, element.tail = element.tail, None
    element.addnext(line_break)


def words_of(tree: HtmlElement, tags: Iterable[str] = WORDS) -> None:
    """Make plain spans of the elements of a sentence that trafilatura would cut out of it."""
    for element in list(tree.iter(*tags)):
        if is_amid_sentence(element):
            element.tag = "span"
