"""What of a page a reader sees: the rest is marked with the attribute `hidden`, whatever hides it.

Boxes that the page hides or lays over itself, words for screen readers alone, requests for consent.
They count all the same where they hold the article: behind a paywall, or on a page that scripts
unfold. What is no text as a rule (a button, a template) is a box where it holds the text of a page,
as unclosed tags make it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from lxml.etree import XPath
from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, blocks, folded
from crawler.extraction.main_text.line_features import PROSE, is_prose, prose
from crawler.extraction.main_text.line_rules import BARE_OPENINGS

HIDDEN, SEARCHABLE = "hidden", "until-found"
"""The attribute, and its value for what a search in the page shows."""
MARKS = frozenset((HIDDEN, "aria-hidden"))
HIDING = MARKS | {"popover", "style", "role", "aria-modal"}
"""Attributes that may hide an element, or tell that it is hidden."""
LONG_HIDDEN = XPath(f"//@hidden/parent::*[string-length(.) >= {PROSE}][not(ancestor::*[@hidden])]")
"""The outermost hidden elements that are long enough to hold prose."""
STYLE = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]|"
    r"clip-path\s*:\s*inset\(\s*(?:50|100)%|(?:left|right|top|text-indent)\s*:\s*-(?:\d{4,}px|\d{3,}r?em)|"
    r"font-size\s*:\s*0(?:px|r?em|%)?\s*(?:;|!|$))"
)
FOR_SCREEN_READERS = re.compile(
    r"(?:^|\s)(?:[\w-]*[_-])?(?:sr-?only|(?:for|only)-sr|sr-?text|vis(?:ual(?:ly)?)?-?hidden|hidden-?visually|"
    r"(?:for-|only-)?screen-?readers?(?:-?(?:text|only))?|assistive(?:-?text)?|element-invisible|a11y-?(?:hidden|only|"
    r"text)|accessib(?:le|ility|ly)-?(?:hidden|hide|text)|hidden-?accessible|off-?screen)(?:[_-][\w-]*)?(?=\s|$)"
)
SEEN_ALL_THE_SAME = re.compile(r"(?:^|\s)not-sr-only(?=\s|$)")
LAID_OVER = re.compile(
    r"(?:^|\s)(?:modal|popup|pop-up|mfp-hide|remodal|reveal-modal|lightbox)(?=\s|$)"
)
CONSENT = re.compile(
    r"cookie[\s_-]*(?:banner|bar|box|consent|dialog|disclaimer|hint|info|law|layer|message|modal|notice|notification|"
    r"overlay|panel|policy|popup|prompt|wall)|(?:consent|gdpr|ccpa|privacy)[\s_-]*(?:banner|bar|box|dialog|layer|"
    r"manager|message|modal|notice|overlay|popup|prompt|tool|wall)|"
    r"^(?:cmp|tcf|gdpr|ccpa|eu-?cookies?)(?:-?(?:box|container|root|ui|wrapper))?$|"
    r"onetrust|didomi|usercentrics|cookiebot|borlabs|cmplz|klaro|iubenda-cs|qc-cmp|sp_message|fc-consent|tarteaucitron|"
    r"axeptio|cky-consent|cc-window|moove_gdpr|truste|cookieyes|osano-cm"
)
TELLING = re.compile(
    "sr|hid|screen|assist|invisible|a11y|access|modal|pop|lightbox|cookie|consent|gdpr|ccpa|privacy|cmp|tcf|onetrust|"
    "didomi|usercentrics|borlabs|klaro|iubenda|sp_message|tarteaucitron|axeptio|cc-window|truste|osano"
)
"""Letters of which every name has some that one of those patterns finds, and most names have
none."""
ARTICLE_PARTS = ("article", "main", "h1")
CONTAINER = XPath("ancestor::*[self::article or self::main or @itemprop='articleBody'][1]")
BESIDE = XPath(
    "ancestor::*[self::nav or self::aside or self::footer or self::header or self::form][1]"
)
OTHER_TEXT = re.compile(
    r"comment|relat|recommend|galler|slide|author|\bbio|share|social|newsletter|subscri|login|modal|popup|overlay|terms|"
    r"privacy|cookie|menu|nav|search|teaser|promo|tooltip|footnote|widget",
    re.I,
)
DATA = re.compile(
    r"(?:^|\s)(?:vcard|h-card|author|byline|published|updated|dtstamp|entry-date)(?=\s|$)", re.I
)
LONGEST_DATA = 100
"""Letters of an element that names an author or a date."""
LOCKED = re.compile(
    r"paywall|premium|regwall|subscriber|metered|locked|read-?more|expand|collaps|truncat", re.I
)
UNFOLDING = re.compile(
    r"accordion|collaps|disclosure|tab-?pan|toggle-?(?:content|body|panel)|\bfaq", re.I
)
LITTLE = 200
"""Letters of prose: a page that shows less has no article to see."""
MOST_SHOWN = 3
"""Paragraphs of an article whose rest is hidden; where more are shown, what is hidden is something
else."""
SWALLOWING = ("button", "object", "video", "audio", "canvas", "svg", "math", "select", "textarea")
SWALLOWED = ("p", "div", "article", "br")
"""Elements of a text that is not theirs."""
MOST_SWALLOWED = 50
"""Elements of a page that are looked into for text that is not theirs."""
SHADOW = ("shadowrootmode", "shadowroot")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def lift_swallowed(tree: HtmlElement) -> None:
    """Make boxes of buttons, players and drawings that hold paragraphs, and of templates that are
    shown as they are."""
    holding = [
        each
        for each in tree.iter(*SWALLOWING)
        if next(each.iterdescendants(*SWALLOWED), None) is not None
    ]
    for element in holding[:MOST_SWALLOWED]:
        if _prose_in(element) >= LITTLE:
            element.tag = "div"
    for element in list(tree.iter("template")):
        if any(name in element.attrib for name in SHADOW):
            element.tag = "div"


def lift_unshown(tree: HtmlElement) -> bool:
    """Show what a page shows to browsers without scripts, or keeps for them; whether there is such
    a thing."""
    lifted = False
    for element in list(tree.iterfind(".//body//noscript")):
        element.tag = "div"
        lifted = True
    if not lifted:
        for element in [each for each in tree.iter("template") if _prose_in(each) >= LITTLE]:
            element.tag = "div"
            lifted = True
    return lifted


def _prose_in(element: HtmlElement) -> int:
    return prose(blocks(element)) if len(element) else 0


def hide(tree: HtmlElement) -> None:
    """Mark with `hidden` what the page hides, and nothing else."""
    body = tree.find("body")
    for element in () if body is None else body.iterdescendants():
        told = element.keys()
        named = _named(element.get("class", "")) if "class" in told else 0
        named |= _named(element.get("id", "")) & ASKS if "id" in told else 0
        # most elements tell nothing
        if named or element.tag == "dialog" or not HIDING.isdisjoint(told):
            _mark(element, named)
    for heading in tree.iter(*HEADINGS):
        for part in [each for each in heading.iterdescendants() if HIDDEN in each.attrib]:
            if part.getparent() is not None:
                part.drop_tree()


def _mark(element: HtmlElement, named: int) -> None:
    """Mark an element if it is hidden, and take other marks from it."""
    said = dict(element.items())
    if _is_hidden(element, said, named) and not _is_data(element):
        element.set(HIDDEN, "")
    else:
        for name in MARKS.intersection(said):
            del element.attrib[name]


def _is_data(element: HtmlElement) -> bool:
    """Whether an element says who wrote a page and when: shown or not, it tells it."""
    letters = 0
    for text in element.itertext():
        letters += len(text)
        if letters > LONGEST_DATA:
            return False
    return any(
        part.tag == "time" or "itemprop" in part.attrib or _tells(part) for part in element.iter()
    )


def _tells(element: HtmlElement) -> bool:
    said = f"{element.get('class') or ''} {element.get('rel') or ''}"
    return DATA.search(said) is not None


def _is_hidden(element: HtmlElement, said: dict[str, str], named: int) -> bool:
    """Whether an element hides what is in it, as far as its tag, its attributes and its names
    tell."""
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
"""What names tell: for screen readers alone, laid over the page, asks for consent."""


@lru_cache(8192)
def _named(names: str) -> int:
    """What an element's class or id tells of who sees it."""
    names = names.lower()
    if not TELLING.search(names):
        return 0
    read_out = FOR_SCREEN_READERS.search(names) and not SEEN_ALL_THE_SAME.search(names)
    return (
        (READ_OUT if read_out else 0)
        | (OVER if LAID_OVER.search(names) else 0)
        | (ASKS if CONSENT.search(names) else 0)
    )


def _is_of_a_word(element: HtmlElement) -> bool:
    """Whether an element hidden from screen readers is what others read: a drop cap, or the twin of
    words for those."""
    around = element.getparent()
    if around is None or around.get("aria-label"):
        return True
    twins = (each for each in (element.getprevious(), element.getnext()) if each is not None)
    if any(FOR_SCREEN_READERS.search((twin.get("class") or "").lower()) for twin in twins):
        return True
    text, tail = element.text_content().strip(), element.tail or ""
    return bool(text) and text[-1].isalpha() and tail[:1].isalpha()


def reveal(tree: HtmlElement, row: list[Block], said: str) -> bool:
    """Show what is hidden and yet the article's; whether there was such a thing.

    It is where the page's data have it in the article's text, where it is most of the box that is
    the article or paragraphs of it that readers pay for or unfold, and where the page shows next to
    nothing else.
    """
    texts = {each: [one for one in blocks(each) if is_prose(one)] for each in LONG_HIDDEN(tree)}
    texts = {each: long for each, long in texts.items() if long and each.getparent() is not None}
    if not texts:
        return prose(row) < LITTLE and _reveal_all(tree)
    shown = {
        *_told(texts, said),
        *_most_of_article(texts, row),
        *filter(_is_locked, texts),
        *filter(_unfolds, texts),
    }
    if not shown and prose(row) < LITTLE:
        shown = {each for each in texts if not _asks_for_consent(each)}
    for element in shown:
        _show(element)
    return bool(shown)


def _reveal_all(tree: HtmlElement) -> bool:
    """Show boxes hidden in hidden boxes, on a page that shows next to nothing."""
    hidden = [each for each in tree.xpath("//@hidden/..") if not _named(each.get("class") or "")]
    for element in hidden:
        _show(element)
    return bool(hidden)


def _told(texts: dict[HtmlElement, list[Block]], said: str) -> Iterator[HtmlElement]:
    """Those whose text is in the article's text as the page's data have it."""
    whole = folded(said) if len(said) > LITTLE else ""
    for element, long in texts.items():
        if whole and sum(folded(one.text) in whole for one in long) * 2 > len(long):
            yield element


def _most_of_article(
    texts: dict[HtmlElement, list[Block]], row: list[Block]
) -> Iterator[HtmlElement]:
    """Those that together are most of the article's box, or of the box of paragraphs that they
    stand in."""
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
        wanted = prose(shown) if shown else LITTLE if CONTAINER(parts[0]) else None
        inside = sum(len(one.text) for part in parts for one in texts[part])
        if wanted is not None and len(shown) <= MOST_SHOWN and inside > wanted:
            yield from parts


def _is_locked(element: HtmlElement) -> bool:
    """Whether an element is a paragraph, or a box of some, that opens for those who pay or
    click."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if not LOCKED.search(names) or _is_of_another_kind(element):
        return False
    if element.tag == "p":
        return True
    around = element.getparent()
    return around is not None and around.find("p") is not None and len(element.findall(".//p")) > 1


def _unfolds(element: HtmlElement) -> bool:
    """Whether an element is the panel of an accordion or of tabs, which a click on its heading
    shows."""
    if _is_of_another_kind(element) or BESIDE(element):
        return False
    around, before = element.getparent(), element.getprevious()
    names = " ".join(each.get("class") or "" for each in (element, around) if each is not None)
    if UNFOLDING.search(names) or element.get("role") == "tabpanel":
        return True
    if before is None:
        return False
    controls = (
        each
        for each in before.iter()
        if "aria-controls" in each.attrib or "aria-expanded" in each.attrib
    )
    return any(
        each.get("aria-controls", element.get("id")) == element.get("id") for each in controls
    )


def _shown_in(box: HtmlElement, row: list[Block]) -> list[Block]:
    inner = set(box.iter())
    return [one for one in row if one.element in inner and is_prose(one)]


def _is_of_another_kind(element: HtmlElement) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    over = element.tag == "dialog" or "popover" in element.attrib or _named(names)
    return bool(over or OTHER_TEXT.search(names))


def _asks_for_consent(element: HtmlElement) -> bool:
    return bool(_named(f"{element.get('class') or ''} {element.get('id') or ''}") & ASKS)


def _show(element: HtmlElement) -> None:
    """Take away what hides an element, for all who read the tree."""
    for name in (HIDDEN, "aria-hidden", "style"):
        element.attrib.pop(name, None)
    if element.tag == "dialog":
        element.tag = "div"
