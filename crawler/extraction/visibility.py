"""Mark the invisible parts of a page with the attribute `hidden`, whatever hides them.

Invisible are boxes that the page hides or lays over itself, words for screen readers alone, and
requests for consent. They are shown again where they contain the article, behind a paywall or on a
page that scripts unfold. An element without text as a rule (a button, a template) becomes a box
where it contains the text of a page, which happens when its end tag is missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from lxml.etree import XPath
from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, blocks, folded
from crawler.extraction.main_text.line_features import PROSE, is_prose, prose
from crawler.extraction.main_text.line_rules import BARE_OPENINGS

HIDDEN, SEARCHABLE = "hidden", "until-found"
"""The attribute, and its value for content that the browser's search can show."""
MARKS = frozenset((HIDDEN, "aria-hidden"))
"""Attributes that mark an element as hidden."""
HIDING = MARKS | {"popover", "style", "role", "aria-modal"}
"""Attributes that may hide an element."""
LONG_HIDDEN = XPath(f"//@hidden/parent::*[string-length(.) >= {PROSE}][not(ancestor::*[@hidden])]")
"""The outermost hidden elements that are long enough for prose."""
STYLE = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|"
    r"clip\s*:\s*rect\(\s*[01](?:px)?[\s,]|clip-path\s*:\s*inset\(\s*(?:50|100)%|(?:left|right|top|"
    r"text-indent)\s*:\s*-(?:\d{4,}px|\d{3,}r?em)|font-size\s*:\s*0(?:px|r?em|%)?\s*(?:;|!|$))"
)
"""Inline styles that hide an element."""
FOR_SCREEN_READERS = re.compile(
    r"(?:^|\s)(?:[\w-]*[_-])?(?:sr-?only|(?:for|only)-sr|sr-?text|vis(?:ual(?:ly)?)?-?hidden|"
    r"hidden-?visually|(?:for-|only-)?screen-?readers?(?:-?(?:text|only))?|assistive(?:-?text)?|"
    r"element-invisible|a11y-?(?:hidden|only|text)|accessib(?:le|ility|ly)-?(?:hidden|hide|text)|"
    r"hidden-?accessible|off-?screen)(?:[_-][\w-]*)?(?=\s|$)"
)
"""Classes of words that only screen readers read."""
SEEN_ALL_THE_SAME = re.compile(r"(?:^|\s)not-sr-only(?=\s|$)")
LAID_OVER = re.compile(
    r"(?:^|\s)(?:modal|popup|pop-up|mfp-hide|remodal|reveal-modal|lightbox)(?=\s|$)"
)
"""Classes of boxes that are laid over the page."""
CONSENT = re.compile(
    r"cookie[\s_-]*(?:banner|bar|box|consent|dialog|disclaimer|hint|info|law|layer|message|modal|"
    r"notice|notification|overlay|panel|policy|popup|prompt|wall)|(?:consent|gdpr|ccpa|"
    r"privacy)[\s_-]*(?:banner|bar|box|dialog|layer|manager|message|modal|notice|overlay|popup|"
    r"prompt|tool|wall)|^(?:cmp|tcf|gdpr|ccpa|eu-?cookies?)(?:-?(?:box|container|root|ui|"
    r"wrapper))?$|onetrust|didomi|usercentrics|cookiebot|borlabs|cmplz|klaro|iubenda-cs|qc-cmp|"
    r"sp_message|fc-consent|tarteaucitron|axeptio|cky-consent|cc-window|moove_gdpr|truste|"
    r"cookieyes|osano-cm"
)
"""Classes and ids of requests for consent."""
TELLING = re.compile(
    "sr|hid|screen|assist|invisible|a11y|access|modal|pop|lightbox|cookie|consent|gdpr|ccpa|"
    "privacy|cmp|tcf|onetrust|didomi|usercentrics|borlabs|klaro|iubenda|sp_message|tarteaucitron|"
    "axeptio|cc-window|truste|osano"
)
"""Letter sequences, one of which occurs in every name that these patterns match, and in few
others."""
ARTICLE_PARTS = ("article", "main", "h1")
"""Elements that show that a box contains the article."""
CONTAINER = XPath("ancestor::*[self::article or self::main or @itemprop='articleBody'][1]")
"""The innermost element around an element that is marked up as the article."""
BESIDE = XPath(
    "ancestor::*[self::nav or self::aside or self::footer or self::header or self::form][1]"
)
"""The innermost part around an element that is not the article's."""
OTHER_TEXT = re.compile(
    r"comment|relat|recommend|galler|slide|author|\bbio|share|social|newsletter|subscri|login|"
    r"modal|popup|overlay|terms|privacy|cookie|menu|nav|search|teaser|promo|tooltip|footnote|"
    r"widget",
    re.I,
)
"""Classes and ids of hidden boxes that do not contain the article."""
DATA = re.compile(
    r"(?:^|\s)(?:vcard|h-card|author|byline|published|updated|dtstamp|entry-date)(?=\s|$)", re.I
)
"""Classes of elements that give an author or a date."""
LONGEST_DATA = 100
"""Letters of an element that gives an author or a date."""
LOCKED = re.compile(
    r"paywall|premium|regwall|subscriber|metered|locked|read-?more|expand|collaps|truncat", re.I
)
"""Classes and ids of text that opens to those who pay or click."""
UNFOLDING = re.compile(
    r"accordion|collaps|disclosure|tab-?pan|toggle-?(?:content|body|panel)|\bfaq", re.I
)
"""Classes of boxes that a click unfolds."""
LITTLE = 200
"""Letters of prose; a page that shows fewer shows no article."""
MOST_SHOWN = 3
"""Paragraphs of an article whose rest is hidden; where more are shown, the hidden text is not its
rest."""
SWALLOWING = ("button", "object", "video", "audio", "canvas", "svg", "math", "select", "textarea")
"""Elements without text as a rule, which swallow text where their end tag is missing."""
SWALLOWED = ("p", "div", "article", "br")
"""Elements that show that text was swallowed."""
MOST_SWALLOWED = 50
"""Elements of a page that are examined for swallowed text."""
SHADOW = ("shadowrootmode", "shadowroot")
"""Attributes of templates that a browser shows."""
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def lift_swallowed(tree: HtmlElement) -> None:
    """Turn buttons, players and drawings with paragraphs, and shown templates, into boxes."""
    swallowing = [
        element
        for element in tree.iter(*SWALLOWING)
        if next(element.iterdescendants(*SWALLOWED), None) is not None
    ]
    for element in swallowing[:MOST_SWALLOWED]:
        if _prose_in(element) >= LITTLE:
            element.tag = "div"
    for element in list(tree.iter("template")):
        if any(name in element.attrib for name in SHADOW):
            element.tag = "div"


def lift_unshown(tree: HtmlElement) -> bool:
    """Show what a page keeps in `noscript` or in templates; return whether there was anything."""
    lifted = False
    for element in list(tree.iterfind(".//body//noscript")):
        element.tag = "div"
        lifted = True
    if lifted:
        return True
    for element in list(tree.iter("template")):
        if _prose_in(element) >= LITTLE:
            element.tag = "div"
            lifted = True
    return lifted


def _prose_in(element: HtmlElement) -> int:
    """The letters of prose in an element."""
    return prose(blocks(element)) if len(element) else 0


def hide(tree: HtmlElement) -> None:
    """Mark with `hidden` what the page hides, and nothing else."""
    body = tree.find("body")
    for element in () if body is None else body.iterdescendants():
        attributes = element.keys()
        named = _named(element.get("class", "")) if "class" in attributes else 0
        if "id" in attributes:
            named |= _named(element.get("id", "")) & ASKS
        # most elements have no such name or attribute, and need no further test
        if named or element.tag == "dialog" or not HIDING.isdisjoint(attributes):
            _mark(element, named)
    _drop_hidden_in_headings(tree)


def _drop_hidden_in_headings(tree: HtmlElement) -> None:
    """Remove hidden parts of headings, so that headings are read as they are shown."""
    for heading in tree.iter(*HEADINGS):
        for part in [each for each in heading.iterdescendants() if HIDDEN in each.attrib]:
            if part.getparent() is not None:  # not inside a part that was just removed
                part.drop_tree()


def _mark(element: HtmlElement, named: int) -> None:
    """Mark an element with `hidden` if it is hidden, else remove its other marks."""
    said = dict(element.items())
    if _is_hidden(element, said, named) and not _is_data(element):
        element.set(HIDDEN, "")
    else:
        for name in MARKS.intersection(said):
            del element.attrib[name]


def _is_data(element: HtmlElement) -> bool:
    """Whether an element gives the page's author or date, which counts although it is hidden."""
    letters = 0
    for text in element.itertext():
        letters += len(text)
        if letters > LONGEST_DATA:
            return False
    return any(
        part.tag == "time" or "itemprop" in part.attrib or _tells(part) for part in element.iter()
    )


def _tells(element: HtmlElement) -> bool:
    """Whether the names of an element say that it gives an author or a date."""
    said = f"{element.get('class') or ''} {element.get('rel') or ''}"
    return DATA.search(said) is not None


def _is_hidden(element: HtmlElement, said: dict[str, str], named: int) -> bool:
    """Whether an element hides its content, judging by its tag, attributes and names."""
    if element.tag in ("h1", "dialog"):
        return element.tag == "dialog"
    if said.get(HIDDEN, SEARCHABLE).lower() != SEARCHABLE or "popover" in said:
        return True
    if "style" in said and STYLE.search(said["style"].lower()):
        return True
    if named & READ_OUT:
        return folded(element.text_content()[:40]) not in {"", *BARE_OPENINGS}
    if said.get("aria-hidden") == "true":
        return not _is_of_a_word(element)
    if named or "dialog" in said.get("role", "") or said.get("aria-modal") == "true":
        return next(element.iterdescendants(*ARTICLE_PARTS), None) is None
    return False


READ_OUT, OVER, ASKS = 1, 2, 4
"""The meanings of names: for screen readers alone, laid over the page, asks for consent."""


@lru_cache(8192)
def _named(names: str) -> int:
    """Return the meanings of a class or id, as a sum of `READ_OUT`, `OVER` and `ASKS`."""
    names = names.lower()
    meanings = 0
    if not TELLING.search(names):
        return meanings
    if FOR_SCREEN_READERS.search(names) and not SEEN_ALL_THE_SAME.search(names):
        meanings |= READ_OUT
    if LAID_OVER.search(names):
        meanings |= OVER
    if CONSENT.search(names):
        meanings |= ASKS
    return meanings


def _is_of_a_word(element: HtmlElement) -> bool:
    """Whether an element hidden from screen readers is part of the text, as a drop cap is.

    Or it repeats, for those who see, the words for screen readers beside it.
    """
    around = element.getparent()
    if around is None or around.get("aria-label"):
        return True
    siblings = (each for each in (element.getprevious(), element.getnext()) if each is not None)
    classes = ((sibling.get("class") or "").lower() for sibling in siblings)
    if any(map(FOR_SCREEN_READERS.search, classes)):
        return True
    text, tail = element.text_content().strip(), element.tail or ""
    return bool(text) and text[-1].isalpha() and tail[:1].isalpha()


def reveal(tree: HtmlElement, row: list[Block], said: str) -> bool:
    """Show hidden elements that are part of the article; return whether there were any.

    An element is part of the article where the page's data contain it in the article's text, where
    it is most of the article's box, or where it is paragraphs that readers pay for or unfold. All
    elements are shown where the page would otherwise show next to nothing.
    """
    texts: dict[HtmlElement, list[Block]] = {}
    for element in LONG_HIDDEN(tree):
        paragraphs = list(filter(is_prose, blocks(element)))
        if paragraphs and element.getparent() is not None:
            texts[element] = paragraphs
    if not texts:
        return prose(row) < LITTLE and _reveal_all(tree)
    shown = {
        *_told(texts, said),
        *_most_of_article(texts, row),
        *filter(_is_locked, texts),
        *filter(_unfolds, texts),
    }
    if not shown and prose(row) < LITTLE:
        shown = {element for element in texts if not _asks_for_consent(element)}
    for element in shown:
        _show(element)
    return bool(shown)


def _reveal_all(tree: HtmlElement) -> bool:
    """Show hidden boxes within hidden boxes, on a page that shows next to nothing."""
    hidden = [each for each in tree.xpath("//@hidden/..") if not _named(each.get("class") or "")]
    for element in hidden:
        _show(element)
    return bool(hidden)


def _told(texts: dict[HtmlElement, list[Block]], said: str) -> Iterator[HtmlElement]:
    """The elements whose text is in the article's text as the page's data give it."""
    if len(said) <= LITTLE:
        return
    whole = folded(said)
    for element, paragraphs in texts.items():
        contained = sum(folded(paragraph.text) in whole for paragraph in paragraphs)
        if whole and contained * 2 > len(paragraphs):
            yield element


def _most_of_article(
    texts: dict[HtmlElement, list[Block]], row: list[Block]
) -> Iterator[HtmlElement]:
    """The elements that together are most of the article's box, or of their box of paragraphs."""
    beside: dict[HtmlElement, list[HtmlElement]] = defaultdict(list)
    for element in texts:
        around = element.getparent()
        if _is_of_another_kind(element) or around is None:
            continue
        boxes = CONTAINER(element) or ([around] if around.tag != "body" else [])
        for box in boxes:
            beside[box].append(element)
    for box, parts in beside.items():
        shown = _shown_in(box, row)
        if len(shown) > MOST_SHOWN or not (shown or CONTAINER(parts[0])):
            continue
        hidden = chain.from_iterable(texts[part] for part in parts)
        hidden_letters = sum(len(paragraph.text) for paragraph in hidden)
        if hidden_letters > (prose(shown) if shown else LITTLE):
            yield from parts


def _is_locked(element: HtmlElement) -> bool:
    """Whether an element is a paragraph, or a box of several, that opens for a click or money."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if not LOCKED.search(names) or _is_of_another_kind(element):
        return False
    if element.tag == "p":
        return True
    around = element.getparent()
    return around is not None and around.find("p") is not None and len(element.findall(".//p")) > 1


def _unfolds(element: HtmlElement) -> bool:
    """Whether an element is a panel of an accordion or of tabs, which a click shows."""
    if _is_of_another_kind(element) or BESIDE(element):
        return False
    around, before = element.getparent(), element.getprevious()
    names = " ".join(each.get("class") or "" for each in (element, around) if each is not None)
    if UNFOLDING.search(names) or element.get("role") == "tabpanel":
        return True
    if before is None:
        return False
    own_id = element.get("id")
    return any(
        each.get("aria-controls", own_id) == own_id
        for each in before.iter()
        if "aria-controls" in each.attrib or "aria-expanded" in each.attrib
    )


def _shown_in(box: HtmlElement, row: list[Block]) -> list[Block]:
    """The prose blocks in a box."""
    inner = set(box.iter())
    return [block for block in row if block.element in inner and is_prose(block)]


def _is_of_another_kind(element: HtmlElement) -> bool:
    """Whether an element's names say that it does not contain the article."""
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    over = element.tag == "dialog" or "popover" in element.attrib or _named(names)
    return bool(over or OTHER_TEXT.search(names))


def _asks_for_consent(element: HtmlElement) -> bool:
    """Whether an element's names say that it asks for consent."""
    return bool(_named(f"{element.get('class') or ''} {element.get('id') or ''}") & ASKS)


def _show(element: HtmlElement) -> None:
    """Remove what hides an element, for all steps that read the tree."""
    for name in (HIDDEN, "aria-hidden", "style"):
        element.attrib.pop(name, None)
    if element.tag == "dialog":
        element.tag = "div"
