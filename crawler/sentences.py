"""Elements amid a sentence are made its words, and what stands between two sentences parts them.

Time, names behind buttons, an outlet's own elements: a reader sees one sentence. Pictures and players end a line where
a sentence ends before them, and are passed over within one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.etree import strip_elements
from lxml.html import HtmlElement

from crawler.blocks import INLINE, UNSEEN

WORDS = ("output", "slot", "label", "time", "q", "noindex")
"""Elements that a sentence may have words in, and that are none where they stand alone."""
FIELDS = frozenset(("button", "meter", "progress"))
PICTURES = ("img", "picture", "embed", "iframe", "video", "audio", "object", "canvas", "map")
VOID = ("embed", "source", "track", "wbr", "keygen")
"""Elements that hold nothing; libxml2 hangs what follows below them."""
EMPTY = ("script", "style", "noscript", "template", "button", "select", "ins", "span", "a", "b", "i", "em", "strong")
"""Elements of which a reader may see nothing."""
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
    ("p", "li", "dd", "dt", "blockquote", "figcaption", "summary", "h1", "h2", "h3", "h4", "h5", "h6")
)
SENTENCE_ENDS = re.compile(r"[.!?…。！？:;»”\"’')\]]\s*$")
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
        if (element.tail or "").strip() and before(element) and not _is_passed_over(element, picture=True):
            part_behind(element)
    for element in list(tree.iter(*EMPTY)):
        if element.tail and GLUED.match(element.tail) and SENTENCE_ENDS.search(before(element)) and _is_unseen(element):
            _unglue(element)


def _own_elements(tree: HtmlElement) -> None:
    """Elements that HTML does not know: words where they stand amid a sentence, else boxes."""
    for element in [each for each in tree.iter() if isinstance(each.tag, str) and each.tag not in KNOWN]:
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
    """Part two sentences between which something stood that nobody sees: a script, the place of an advertisement."""
    host = next((around for around in element.iterancestors() if around.tag not in INLINE), None)
    if host is not None and host.tag in PARAGRAPHS:
        element.tail = f" {element.tail}"
    else:
        part_behind(element)


def _whole_picture(element: HtmlElement) -> HtmlElement:
    """A picture with the link or span that holds nothing else."""
    around = element.getparent()
    while around is not None and around.tag in INLINE and not (element.tail or "").strip() and _is_bare(around):
        element, around = around, around.getparent()
    return element


def _is_bare(element: HtmlElement) -> bool:
    return not element.text_content().strip()


def before(element: HtmlElement) -> str:
    """The text right before an element, in the same box."""
    previous, around = element.getprevious(), element.getparent()
    if previous is None:
        return ((around.text if around is not None else "") or "").strip()
    if previous.tail and previous.tail.strip():
        return str(previous.tail).strip()
    return str(previous.text_content()).strip() if previous.tag in INLINE else ""


def is_amid_sentence(element: HtmlElement) -> bool:
    """Whether an element stands between the words of a sentence."""
    if next(element.iterdescendants(*BOXES), None) is not None:
        return False
    ahead, after = before(element), (element.tail or "").strip()
    if ahead and after:
        return not SENTENCE_ENDS.search(ahead) or element.tag not in FIELDS or bool(GOES_ON.match(after))
    if not ahead and not after:
        return False
    host = next((around for around in element.iterancestors() if around.tag not in INLINE), None)
    if host is None or host.tag not in PARAGRAPHS:
        return False
    around = len(host.text_content().strip()) - len(element.text_content().strip())
    goes_on = bool(GOES_ON.match(after)) if after else element.tag not in FIELDS and not SENTENCE_ENDS.search(ahead)
    return around >= FEWEST and goes_on


def _is_passed_over(element: HtmlElement, picture: bool = False) -> bool:
    """Whether the text around an element is one sentence."""
    ahead, after = before(element), (element.tail or "").strip()
    host = next((around for around in element.iterancestors() if around.tag not in INLINE), None)
    in_paragraph = host is not None and host.tag in PARAGRAPHS
    goes_on = bool(after) and GOES_ON.match(after) is not None
    if not ahead:
        return in_paragraph or goes_on
    if SENTENCE_ENDS.search(ahead):
        return in_paragraph and not picture
    return in_paragraph or goes_on


def part_behind(element: HtmlElement) -> None:
    """Put a line break between an element and the text behind it."""
    line_break = element.makeelement("br")
    line_break.tail, element.tail = element.tail, None
    element.addnext(line_break)


def words_of(tree: HtmlElement, tags: Iterable[str] = WORDS) -> None:
    """Unwrap the elements of a sentence that trafilatura would cut out of it."""
    for element in list(tree.iter(*tags)):
        if is_amid_sentence(element):
            element.drop_tag()
