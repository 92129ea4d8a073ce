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

from crawler.extraction.blocks import Block, fold_text, text_blocks
from crawler.extraction.main_text.line_features import (
    MIN_PROSE_SIZE,
    count_prose_letters,
    is_prose_block,
)
from crawler.extraction.main_text.line_rules import BARE_BYLINE_OPENINGS
from crawler.extraction.style_rules import StyleRules, page_style_rules

HIDDEN_ATTRIBUTE, SEARCHABLE_VALUE = "hidden", "until-found"
"""The attribute, and its value for content that the browser's search can show."""
HIDDEN_MARK_ATTRIBUTES = frozenset((HIDDEN_ATTRIBUTE, "aria-hidden"))
"""Attributes that mark an element as hidden."""
HIDING_ATTRIBUTES = HIDDEN_MARK_ATTRIBUTES | {"popover", "style", "role", "aria-modal"}
"""Attributes that may hide an element."""
FIND_LONG_HIDDEN = XPath(
    f"//@hidden/parent::*[string-length(.) >= {MIN_PROSE_SIZE}][not(ancestor::*[@hidden])]"
)
"""The outermost hidden elements that are long enough for prose."""
HIDING_STYLE = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|"
    r"clip\s*:\s*rect\(\s*[01](?:px)?[\s,]|clip-path\s*:\s*inset\(\s*(?:50|100)%|(?:left|right|top|"
    r"text-indent)\s*:\s*-(?:\d{4,}px|\d{3,}r?em)|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)|font-size\s*:\s*0(?:px|r?em|%)?\s*(?:;|!|$))"
)
"""Inline styles that hide an element."""
SCREEN_READER_CLASS = re.compile(
    r"(?:^|\s)(?:[\w-]*[_-])?(?:sr-?only|(?:for|only)-sr|sr-?text|vis(?:ual(?:ly)?)?-?hidden|"
    r"hidden-?visually|(?:for-|only-)?screen-?readers?(?:-?(?:text|only))?|assistive(?:-?text)?|"
    r"element-invisible|a11y-?(?:hidden|only|text)|accessib(?:le|ility|ly)-?(?:hidden|hide|text)|"
    r"hidden-?accessible|off-?screen)(?:[_-][\w-]*)?(?=\s|$)"
)
"""Classes of words that only screen readers read."""
NOT_SCREEN_READER_CLASS = re.compile(r"(?:^|\s)not-sr-only(?=\s|$)")
HIDDEN_CLASS = re.compile(
    r"(?:^|\s)(?:hidden|d-none|is-hidden|u-hidden|uk-hidden|display-none)(?=\s|$)"
)
"""Classes by which common style sheets hide an element."""
RESPONSIVE_CLASS = re.compile(r"(?:^|\s)(?:[\w-]+:|d-\w+-)(?!none|hidden)\w")
"""Classes that show an element on some screens."""
OVERLAY_CLASS = re.compile(
    r"(?:^|\s)(?:modal|popup|pop-up|mfp-hide|remodal|reveal-modal|lightbox)(?=\s|$)"
)
"""Classes of boxes that are laid over the page."""
CONSENT_NAME = re.compile(
    r"cookie[\s_-]*(?:banner|bar|box|consent|dialog|disclaimer|hint|info|law|layer|message|modal|"
    r"notice|notification|overlay|panel|policy|popup|prompt|wall)|(?:consent|gdpr|ccpa|"
    r"privacy)[\s_-]*(?:banner|bar|box|dialog|layer|manager|message|modal|notice|overlay|popup|"
    r"prompt|tool|wall)|^(?:cmp|tcf|gdpr|ccpa|eu-?cookies?)(?:-?(?:box|container|root|ui|"
    r"wrapper))?$|onetrust|didomi|usercentrics|cookiebot|borlabs|cmplz|klaro|iubenda-cs|qc-cmp|"
    r"sp_message|fc-consent|tarteaucitron|axeptio|cky-consent|cc-window|moove_gdpr|truste|"
    r"cookieyes|osano-cm"
)
"""Classes and ids of requests for consent."""
PREFILTER_OF_NAMES = re.compile(
    "sr|hid|none|screen|assist|invisible|a11y|access|modal|pop|lightbox|cookie|consent|gdpr|ccpa|"
    "privacy|cmp|tcf|onetrust|didomi|usercentrics|borlabs|klaro|iubenda|sp_message|tarteaucitron|"
    "axeptio|cc-window|truste|osano"
)
"""Letter sequences, one of which occurs in every name that these patterns match, and in few
others."""
ARTICLE_PART_TAGS = ("article", "main", "h1")
"""Elements that show that a box contains the article."""
FIND_ARTICLE_CONTAINER = XPath(
    "ancestor::*[self::article or self::main or @itemprop='articleBody'][1]"
)
"""The innermost element around an element that is marked up as the article."""
FIND_PART_BESIDE_ARTICLE = XPath(
    "ancestor::*[self::nav or self::aside or self::footer or self::header or self::form][1]"
)
"""The innermost part around an element that is not the article's."""
OTHER_HIDDEN_BOX_NAME = re.compile(
    r"comment|relat|recommend|galler|slide|author|\bbio|share|social|newsletter|subscri|login|"
    r"modal|popup|overlay|terms|privacy|cookie|menu|nav|search|teaser|promo|tooltip|footnote|"
    r"widget",
    re.I,
)
"""Classes and ids of hidden boxes that do not contain the article."""
AUTHOR_OR_DATE_CLASS = re.compile(
    r"(?:^|\s)(?:vcard|h-card|author|byline|published|updated|dtstamp|entry-date)(?=\s|$)", re.I
)
"""Classes of elements that give an author or a date."""
MAX_AUTHOR_OR_DATE_CHARS = 100
"""Letters of an element that gives an author or a date."""
LOCKED_TEXT_NAME = re.compile(
    r"paywall|premium|regwall|subscriber|metered|locked|read-?more|expand|collaps|truncat", re.I
)
"""Classes and ids of text that opens to those who pay or click."""
UNFOLDING_CLASS = re.compile(
    r"accordion|collaps|disclosure|tab-?pan|toggle-?(?:content|body|panel)|\bfaq", re.I
)
"""Classes of boxes that a click unfolds."""
UNFOLDED_TEXT_NAME = re.compile(
    r"(?:^|[\s_-])(?:more|rest|remaining|full-?(?:text|story|article|content)|show-?more|"
    r"(?:hidden|more|extra)-?(?:text|content|part)|read-?more|fold(?:ed|able)?|toggle\w*)(?=[\s_-]|$)|"
    r"collaps|expand|truncat",
    re.I,
)
"""Classes and ids of text that style rules hide until a click shows it."""
MAX_STYLED_SHARE = 0.5
"""Share of a page's prose; where style rules hide more of it, scripts show it again."""
MIN_VISIBLE_PROSE_CHARS = 200
"""Letters of prose; a page that shows fewer shows no article."""
MAX_SHOWN_PARAGRAPHS = 3
"""Paragraphs of an article whose rest is hidden; where more are shown, the hidden text is not its
rest."""
SWALLOWING_TAGS = (
    "button",
    "object",
    "video",
    "audio",
    "canvas",
    "svg",
    "math",
    "select",
    "textarea",
)
"""Elements without text as a rule, which swallow text where their end tag is missing."""
SWALLOWED_TAGS = ("p", "div", "article", "br")
"""Elements that show that text was swallowed."""
MAX_SWALLOWING_ELEMENTS = 50
"""Elements of a page that are examined for swallowed text."""
QUESTION_MARKS = ("?", "？", "؟", ";")
SHADOW_ROOT_ATTRIBUTES = ("shadowrootmode", "shadowroot")
"""Attributes of templates that a browser shows."""
VISIBLE_HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def unwrap_swallowed_text(tree: HtmlElement) -> None:
    """Turn buttons, players and drawings with paragraphs, and shown templates, into boxes."""
    swallowing = [
        element
        for element in tree.iter(*SWALLOWING_TAGS)
        if next(element.iterdescendants(*SWALLOWED_TAGS), None) is not None
    ]
    for element in swallowing[:MAX_SWALLOWING_ELEMENTS]:
        if _prose_chars_of(element) >= MIN_VISIBLE_PROSE_CHARS:
            element.tag = "div"
    for element in list(tree.iter("template")):
        if any(name in element.attrib for name in SHADOW_ROOT_ATTRIBUTES):
            element.tag = "div"
    for element in list(tree.iter("button")):
        if _is_heading_of_panel(element):
            around = element.getparent()
            is_in_heading = around is not None and around.tag in VISIBLE_HEADING_TAGS
            element.tag = "span" if is_in_heading else "h4"


def _is_heading_of_panel(button: HtmlElement) -> bool:
    """Return whether a button is the heading of a panel that it unfolds, as a question is."""
    around = button.getparent()
    unfolds = not {"aria-expanded", "aria-controls"}.isdisjoint(button.keys())
    if not unfolds and not UNFOLDING_CLASS.search(button.get("class") or ""):
        return False
    in_heading = around is not None and around.tag in VISIBLE_HEADING_TAGS
    return in_heading or button.text_content().strip().endswith(QUESTION_MARKS)


def unwrap_unshown_text(tree: HtmlElement) -> bool:
    """Show what a page keeps in `noscript` or in templates; return whether there was anything."""
    lifted = False
    for element in list(tree.iterfind(".//body//noscript")):
        element.tag = "div"
        lifted = True
    if lifted:
        return True
    for element in list(tree.iter("template")):
        if _prose_chars_of(element) >= MIN_VISIBLE_PROSE_CHARS:
            element.tag = "div"
            lifted = True
    return lifted


def _prose_chars_of(element: HtmlElement) -> int:
    """The letters of prose in an element."""
    return count_prose_letters(text_blocks(element)) if len(element) else 0


def mark_hidden(tree: HtmlElement) -> None:
    """Mark with `hidden` what the page hides, and nothing else."""
    body = tree.find("body")
    styled = [] if body is None else _hidden_by_style_rules(body, page_style_rules(tree))
    for element in () if body is None else body.iterdescendants("*"):
        attributes = element.keys()
        named = _meanings_of_names(element.get("class", "")) if "class" in attributes else 0
        if "id" in attributes:
            named |= _meanings_of_names(element.get("id", "")) & ASKS_FOR_CONSENT
        # most elements have no such name or attribute, and need no further test
        if named or element.tag == "dialog" or not HIDING_ATTRIBUTES.isdisjoint(attributes):
            _mark_or_unmark(element, named)
    for element in styled:
        element.set(HIDDEN_ATTRIBUTE, "")
    _drop_hidden_in_headings(tree)


def _hidden_by_style_rules(body: HtmlElement, rules: StyleRules) -> list[HtmlElement]:
    """The elements that a page's style rules hide; not text that a click unfolds.

    Where most of the page's prose is hidden in this way, scripts show it again.
    """
    found: list[HtmlElement] = []
    inner: set[HtmlElement] = set()
    for element in body.iterdescendants("*") if rules.hiding else ():
        if element in inner or not rules.hides(element) or _unfolds_by_click(element):
            continue
        inner.update(element.iterdescendants())
        if not _is_author_or_date(element):
            found.append(element)
    prose = {element: letters for element in found if (letters := _prose_chars_of(element))}
    if prose and sum(prose.values()) > MAX_STYLED_SHARE * _prose_chars_of(body):
        return [element for element in found if element not in prose]
    return found


def _unfolds_by_click(element: HtmlElement) -> bool:
    """Return whether an element's names say that it is text which a click shows."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if not UNFOLDED_TEXT_NAME.search(names) or _is_of_another_kind(element):
        return False
    return not FIND_PART_BESIDE_ARTICLE(element)


def _drop_hidden_in_headings(tree: HtmlElement) -> None:
    """Remove hidden parts of headings, so that headings are read as they are shown."""
    for heading in tree.iter(*VISIBLE_HEADING_TAGS):
        for part in [each for each in heading.iterdescendants() if HIDDEN_ATTRIBUTE in each.attrib]:
            if part.getparent() is not None:  # not inside a part that was just removed
                part.drop_tree()


def _mark_or_unmark(element: HtmlElement, named: int) -> None:
    """Mark an element with `hidden` if it is hidden, else remove its other marks."""
    said = dict(element.items())
    if _is_hidden(element, said, named) and not _is_author_or_date(element):
        element.set(HIDDEN_ATTRIBUTE, "")
    else:
        for name in HIDDEN_MARK_ATTRIBUTES.intersection(said):
            del element.attrib[name]


def _is_author_or_date(element: HtmlElement) -> bool:
    """Return whether an element gives the page's author or date, which counts even if hidden."""
    letters = 0
    for text in element.itertext():
        letters += len(text)
        if letters > MAX_AUTHOR_OR_DATE_CHARS:
            return False
    return any(
        part.tag == "time" or "itemprop" in part.attrib or _is_named_author_or_date(part)
        for part in element.iter()
    )


def _is_named_author_or_date(element: HtmlElement) -> bool:
    """Return whether the names of an element say that it gives an author or a date."""
    said = f"{element.get('class') or ''} {element.get('rel') or ''}"
    return AUTHOR_OR_DATE_CLASS.search(said) is not None


def _is_hidden(element: HtmlElement, said: dict[str, str], named: int) -> bool:
    """Return whether an element hides its content, judging by its tag, attributes and names."""
    if element.tag in ("h1", "dialog"):
        return element.tag == "dialog"
    if (
        said.get(HIDDEN_ATTRIBUTE, SEARCHABLE_VALUE).lower() != SEARCHABLE_VALUE
        or "popover" in said
    ):
        return True
    if "style" in said and HIDING_STYLE.search(said["style"].lower()):
        return True
    if named & HIDDEN_BY_CLASS:
        return True
    if named & FOR_SCREEN_READERS_ALONE:
        return fold_text(element.text_content()[:40]) not in {"", *BARE_BYLINE_OPENINGS}
    if said.get("aria-hidden") == "true":
        return not _is_part_of_text(element)
    if named or "dialog" in said.get("role", "") or said.get("aria-modal") == "true":
        return next(element.iterdescendants(*ARTICLE_PART_TAGS), None) is None
    return False


FOR_SCREEN_READERS_ALONE, LAID_OVER_PAGE, ASKS_FOR_CONSENT, HIDDEN_BY_CLASS = 1, 2, 4, 8
"""The meanings of names: for screen readers alone, laid over the page, asks for consent, hidden."""


@lru_cache(8192)
def _meanings_of_names(names: str) -> int:
    """Return the meanings of a class or id, as a sum of `FOR_SCREEN_READERS_ALONE`,
    `LAID_OVER_PAGE`, `ASKS_FOR_CONSENT` and `HIDDEN_BY_CLASS`."""
    names = names.lower()
    meanings = 0
    if not PREFILTER_OF_NAMES.search(names):
        return meanings
    if SCREEN_READER_CLASS.search(names) and not NOT_SCREEN_READER_CLASS.search(names):
        meanings |= FOR_SCREEN_READERS_ALONE
    if HIDDEN_CLASS.search(names) and not RESPONSIVE_CLASS.search(names):
        meanings |= HIDDEN_BY_CLASS
    if OVERLAY_CLASS.search(names):
        meanings |= LAID_OVER_PAGE
    if CONSENT_NAME.search(names):
        meanings |= ASKS_FOR_CONSENT
    return meanings


def _foreign_meanings_of(names: str) -> int:
    """Return the meanings of a class or id by which an element is never the article."""
    return _meanings_of_names(names) & ~HIDDEN_BY_CLASS


def _is_part_of_text(element: HtmlElement) -> bool:
    """Return whether an element hidden from screen readers is part of the text, as a drop cap is.

    Or it repeats, for those who see, the words for screen readers beside it.
    """
    around = element.getparent()
    if around is None or around.get("aria-label"):
        return True
    siblings = (each for each in (element.getprevious(), element.getnext()) if each is not None)
    classes = ((sibling.get("class") or "").lower() for sibling in siblings)
    if any(map(SCREEN_READER_CLASS.search, classes)):
        return True
    text, tail = element.text_content().strip(), element.tail or ""
    return bool(text) and text[-1].isalpha() and tail[:1].isalpha()


def reveal_article(tree: HtmlElement, row: list[Block], said: str) -> bool:
    """Show hidden elements that are part of the article; return whether there were any.

    An element is part of the article where the page's data contain it in the article's text, where
    it is most of the article's box, or where it is paragraphs that readers pay for or unfold. All
    elements are shown where the page would otherwise show next to nothing.
    """
    texts: dict[HtmlElement, list[Block]] = {}
    for element in FIND_LONG_HIDDEN(tree):
        paragraphs = list(filter(is_prose_block, text_blocks(element)))
        if paragraphs and element.getparent() is not None:
            texts[element] = paragraphs
    if not texts:
        return count_prose_letters(row) < MIN_VISIBLE_PROSE_CHARS and _reveal_all_hidden(tree)
    shown = {
        *_in_text_of_data(texts, said),
        *_most_of_article_box(texts, row),
        *filter(_is_locked_text, texts),
        *filter(_is_unfolding_panel, texts),
    }
    if not shown and count_prose_letters(row) < MIN_VISIBLE_PROSE_CHARS:
        shown = {element for element in texts if not _asks_for_consent(element)}
    for element in shown:
        _show_element(element)
    return bool(shown)


def _reveal_all_hidden(tree: HtmlElement) -> bool:
    """Show hidden boxes within hidden boxes, on a page that shows next to nothing."""
    hidden = [
        each
        for each in tree.xpath("//@hidden/..")
        if not _foreign_meanings_of(each.get("class") or "")
    ]
    for element in hidden:
        _show_element(element)
    return bool(hidden)


def _in_text_of_data(texts: dict[HtmlElement, list[Block]], said: str) -> Iterator[HtmlElement]:
    """The elements whose text is in the article's text as the page's data give it."""
    if len(said) <= MIN_VISIBLE_PROSE_CHARS:
        return
    whole = fold_text(said)
    for element, paragraphs in texts.items():
        contained = sum(fold_text(paragraph.text) in whole for paragraph in paragraphs)
        if whole and contained * 2 > len(paragraphs):
            yield element


def _most_of_article_box(
    texts: dict[HtmlElement, list[Block]], row: list[Block]
) -> Iterator[HtmlElement]:
    """The elements that together are most of the article's box, or of their box of paragraphs."""
    beside: dict[HtmlElement, list[HtmlElement]] = defaultdict(list)
    for element in texts:
        around = element.getparent()
        if _is_of_another_kind(element) or around is None:
            continue
        boxes = FIND_ARTICLE_CONTAINER(element) or ([around] if around.tag != "body" else [])
        for box in boxes:
            beside[box].append(element)
    for box, parts in beside.items():
        shown = _prose_blocks_in(box, row)
        if len(shown) > MAX_SHOWN_PARAGRAPHS or not (shown or FIND_ARTICLE_CONTAINER(parts[0])):
            continue
        hidden = chain.from_iterable(texts[part] for part in parts)
        hidden_letters = sum(len(paragraph.text) for paragraph in hidden)
        if hidden_letters > (count_prose_letters(shown) if shown else MIN_VISIBLE_PROSE_CHARS):
            yield from parts


def _is_locked_text(element: HtmlElement) -> bool:
    """Return whether an element is a paragraph, or a box of several, behind a click or paywall."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if not LOCKED_TEXT_NAME.search(names) or _is_of_another_kind(element):
        return False
    if element.tag == "p":
        return True
    around = element.getparent()
    return around is not None and around.find("p") is not None and len(element.findall(".//p")) > 1


def _is_unfolding_panel(element: HtmlElement) -> bool:
    """Return whether an element is a panel of an accordion or of tabs, which a click shows."""
    if _is_of_another_kind(element) or FIND_PART_BESIDE_ARTICLE(element):
        return False
    around, before = element.getparent(), element.getprevious()
    names = " ".join(each.get("class") or "" for each in (element, around) if each is not None)
    if UNFOLDING_CLASS.search(names) or element.get("role") == "tabpanel":
        return True
    if before is None:
        return False
    own_id = element.get("id")
    return any(
        each.get("aria-controls", own_id) == own_id
        for each in before.iter()
        if "aria-controls" in each.attrib or "aria-expanded" in each.attrib
    )


def _prose_blocks_in(box: HtmlElement, row: list[Block]) -> list[Block]:
    """The prose blocks in a box."""
    inner = set(box.iter())
    return [block for block in row if block.element in inner and is_prose_block(block)]


def _is_of_another_kind(element: HtmlElement) -> bool:
    """Return whether an element's names say that it does not contain the article."""
    names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    over = element.tag == "dialog" or "popover" in element.attrib or _foreign_meanings_of(names)
    return bool(over or OTHER_HIDDEN_BOX_NAME.search(names))


def _asks_for_consent(element: HtmlElement) -> bool:
    """Return whether an element's names say that it asks for consent."""
    return bool(
        _meanings_of_names(f"{element.get('class') or ''} {element.get('id') or ''}")
        & ASKS_FOR_CONSENT
    )


def _show_element(element: HtmlElement) -> None:
    """Remove what hides an element, for all steps that read the tree."""
    for name in (HIDDEN_ATTRIBUTE, "aria-hidden", "style"):
        element.attrib.pop(name, None)
    if element.tag == "dialog":
        element.tag = "div"
