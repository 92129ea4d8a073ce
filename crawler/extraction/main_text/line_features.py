"""The features of a page's blocks for the classifier of article lines.

Each feature is a name, such as `size 60` or `heads a paragraph`, that a block has or lacks.
`crawler.extraction.main_text.line_classifier` sums the weights of a block's features,
`bench.train_lines` learns the weights, `crawler.extraction.main_text.feature_labels` puts the
features in plain words. The names are the keys of `line_weights.toml`: who changes one must learn
the weights again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.main_text.line_rules import (
    BUTTON_LINE,
    DENSE_SCRIPT,
    READ_MORE_OPENING,
    claims_rights,
)

BOX_NAME_PATTERNS = {
    "article": r"article|story|post|entry|news|artikel|articulo|noticia|articolo|detail",
    "text": r"body|text|content|copy|prose|paragraph|wysiwyg|richtext|texto|contenu|inhalt",
    "comment": r"comment|disqus|respond|^repl(?:y|ies)|komment|koment|^cmts?$|livefyre|discuss",
    "navigation": r"^nav|menu|crumb|paginat|pager|topbar",
    "foot": r"foot|bottom|copyright|legal|disclaimer",
    "side": r"side|rail$|^aside|secondary|^right|^left|colum|widget",
    "related": r"relat|recommend|^more|^also|popular|trending|^most|latest|headlines|featured|suggest|outbrain|taboola|"
    r"similar|listing|^cards?$|carousel|slider|^lists?$|^links?$|recirc|^mehr|^lire|^grid|^read$|^next|^items?$",
    "teaser": r"teaser|promo|preview|snippet|kicker|rubric",
    "share": r"shar|social|follow|^tool|print|^actions?$|^likes?$|twitter|facebook|tweet|addthis|whatsapp|^sns|rating|"
    r"^vote|poll",
    "advertisement": r"^ads?$|advert|sponsor|banner|commercial|^dfp|^gpt|adsense|anzeige|werbung|^advt",
    "subscription": r"newsletter|subscri|signup|^sign$|register|paywall|donat|member|premium|^cta|^abo$|login",
    "credit": r"meta|byline|dateline|^date|^time|publish|posted|^info|stamp|^credits?$|source|details",
    "author": r"author|^bio|profile|contribut|writer|autor|journalist|avatar",
    "tags": r"^tags?$|taglist|keyword|topic|categor|^labels?$|section",
    "picture": r"caption|photo|image|galler|media|figure|video|player|^img|slide|^foto|^bild|legend|picture|audio",
    "heading": r"headline|title|heading|headr|header|^head$|^hed$",
    "standfirst": r"standfirst|subtitle|subhead|^deck$|^dek$|^lead|^lede$|intro|summary|excerpt|abstract|chapo|descr|"
    r"vorspann|anons|announce",
    "overlay": r"cookie|consent|gdpr|privacy|modal|popup|overlay|lightbox|dialog|tooltip",
    "hidden": r"hidden|^sr$|visually|^reader$|^hide|^none$|invisible",
    "quote": r"quote|pull|zitat",
    "box": r"box$|^fact|callout|panel|module|block",
}
"""Name of a kind of box → pattern of the words in class, id, role and itemprop that name it."""
BOX_NAME_BITS = tuple(
    (1 << bit, name, re.compile(pattern))
    for bit, (name, pattern) in enumerate(BOX_NAME_PATTERNS.items())
)
ARTICLE_TEXT_BITS = 0b11
"""The bits of `article` and `text`, the first two names."""
ATTRIBUTE_WORD = re.compile("[a-z]+|[A-Z]+[a-z]*")
NAMING_ATTRIBUTES = ("class", "id", "itemprop", "role")
"""The attributes whose words name a box."""
HIDDEN_NAME_BIT = 1 << list(BOX_NAME_PATTERNS).index("hidden")
DISPLAY_NONE_STYLE = re.compile(r"display\s*:\s*none", re.I)
CONTAINER_TAGS_TEXT = (
    "article main figure aside footer header nav form ul ol table blockquote section details"
)
CONTAINER_TAGS = tuple(CONTAINER_TAGS_TEXT.split())
CONTAINER_TAG_BITS = {tag: 1 << bit for bit, tag in enumerate(CONTAINER_TAGS)}
FEATURE_TAGS_TEXT = """
p h1 h2 h3 h4 h5 h6 li td th div figcaption blockquote dt dd br article section body main center pre footer header
address label caption summary
"""
FEATURE_TAGS = frozenset(FEATURE_TAGS_TEXT.split())
SUBHEADING_TAGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
BOX_PART_TAGS = frozenset(("p", "h2", "h3", "h4", "li", "blockquote", "td", "br"))
"""Elements whose box is their parent; any other is its own box."""


class FeatureScale(NamedTuple):
    """The features of a number: one for each interval between the edges, the lowest first."""

    edges: tuple[float, ...]
    signs: tuple[str, ...]

    def of(self, value: float) -> str:
        """Return the feature of a number; a number on an edge is in the interval above it."""
        return self.signs[bisect_right(self.edges, value)]


def _feature_scale(template: str, edges: tuple[float, ...], names: str) -> FeatureScale:
    """Return a scale whose features are the template filled with each of the names."""
    return FeatureScale(edges, tuple(template.format(name) for name in names.split()))


SIZE_EDGES, SIZE_NAMES = (15, 30, 60, 120, 250), "15 30 60 120 250 more"
"""Letters of a block; a letter of a dense script counts for two and a half."""
LINKED_EDGES, LINKED_NAMES = (0.001, 0.2, 0.5, 0.9), "none bit some most all"
"""The share of a block's letters that is in links."""
SIZE_SCALE, LINKED_SCALE = (
    _feature_scale("size {}", SIZE_EDGES, SIZE_NAMES),
    _feature_scale("linked {}", LINKED_EDGES, LINKED_NAMES),
)
NEIGHBOUR_SCALES = {
    where: (
        _feature_scale("{} " + where, SIZE_EDGES, SIZE_NAMES),
        _feature_scale("linked {} " + where, LINKED_EDGES, LINKED_NAMES),
    )
    for where in ("before it", "after it")
}
"""The scales of size and links of the block before a block, and of the block after it."""
KIND_PROSE_SCALE, BOX_PROSE_SCALE, WIDE_BOX_PROSE_SCALE = (
    _feature_scale(name + " {}", (0.02, 0.15, 0.5, 0.999), "2 15 50 99 top")
    for name in ("kind", "box", "wide box")
)
"""The prose of a block's group as a share of the largest group's, or of the page's."""
KIND_FOUND_SCALE, BOX_FOUND_SCALE = (
    _feature_scale(name + " found {}", (0.001, 0.2, 0.5, 0.8, 0.999), "none 20 50 80 most all")
    for name in ("kin", "box")
)
"""The share of the other blocks of a group that trafilatura extracted."""
ABOVE_TEXT_SCALE, BELOW_TEXT_SCALE = (
    _feature_scale(name + " by {}", (2, 3, 6, 16), "1 2 5 15 more") for name in ("above", "below")
)
"""Blocks from a block to the extracted text."""
FOUND_COVER_SCALE = _feature_scale("found of the prose {}", (0.3, 0.6, 0.85), "30 60 85 all")
"""The share of a page's prose that trafilatura extracted."""
FOUND_MASS_SCALE = _feature_scale("found {}", (300, 1000, 4000), "300 1000 4000 more")
"""Letters of prose that trafilatura extracted."""
MIN_PROSE_SIZE = 60
"""Size from which a block that is hardly linked counts as prose."""
MIN_MISSED_BLOCK_SIZE, MAX_MISSED_LINKED_SHARE = 15, 0.5
"""A block that trafilatura missed is skipped if it is smaller, or if more of it is link."""
MAX_PROSE_LINKED_SHARE = 0.3
FOUND_BOX_SHARE, PROSE_BOX_SHARE = 0.85, 0.6
"""The share of the extracted prose, or of all prose, that the box of the text must hold."""
MIN_PAGE_DATA_TEXT_CHARS = 300
"""Shorter texts in a page's data are descriptions rather than the text."""
ENDING_FEATURES = {
    **dict.fromkeys('.!?”。…"»！？', "ends as a sentence"),
    **dict.fromkeys(":：", "ends in a colon"),
    **dict.fromkeys(",;-–—", "ends in a comma"),
}
OPENING_MARKS = frozenset("\"“„«‘'([「")
"""Marks with which sentences may begin."""
FOUND_FEATURES = {found: f"found {found}" for found in ("line", "within", "partly", "no")}
TAG_FEATURES = {tag: f"in a {tag}" for tag in FEATURE_TAGS}
"""Tag of a block's element → feature."""
PARENT_TAG_FEATURES = {tag: f"in that a {tag}" for tag in FEATURE_TAGS}
"""Tag of its parent → feature."""


class PageClaims(NamedTuple):
    """The text of a page as trafilatura and the page's data give it, and lines around it."""

    found: str
    """The text that trafilatura extracted."""
    headline: str | None = None
    said: str = ""
    """The text in the page's structured data."""
    standfirst: str | None = None


class BlockFeatures(NamedTuple):
    """A block that may belong to the article, with its features."""

    block: Block
    folded: str
    found: str
    """The way in which trafilatura extracted it: as a `line`, `within` a line, `partly`, or
    `no`."""
    signs: list[str]


ElementKind = tuple[str | None, ...]
"""Tag and class of an element and of its parent: equal for the paragraphs of one text."""
GroupKey = TypeVar("GroupKey", ElementKind, HtmlElement)


@dataclass(slots=True)
class BlockFacts:
    """A block with the facts that its features are computed from."""

    block: Block
    folded: str
    size: int
    linked: float
    """The share of its letters that is in links."""
    found: str
    kind: ElementKind
    box: HtmlElement

    @property
    def is_prose(self) -> bool:
        """True for a long block that is hardly linked."""
        return self.linked < MAX_PROSE_LINKED_SHARE and self.size >= MIN_PROSE_SIZE

    @property
    def is_found(self) -> bool:
        """True for a block that trafilatura extracted, at least in part."""
        return self.found != "no"


@dataclass(slots=True)
class GroupSums:
    """Sums over a group of blocks: those of one kind, or in one box."""

    count: int = 0
    found: int = 0
    """The number of blocks that trafilatura extracted."""
    prose: int = 0
    """Letters of prose."""

    def share_found(self, block: BlockFacts) -> float | None:
        """Return the share of the other blocks that trafilatura extracted; None without others."""
        others = self.count - 1
        if not others:
            return None
        return (self.found - block.is_found) / others


class ElementNames(NamedTuple):
    """The names and containers of a block's boxes, as bits of `BOX_NAME_BITS` and
    `CONTAINER_TAGS`."""

    own: int = 0
    """Names of the element."""
    near: int = 0
    """Names of the element and its parent."""
    around: int = 0
    """Names of the element and all its ancestors."""
    within: int = 0
    """Containers: the tags of the element and its ancestors."""


class ProseMasses(NamedTuple):
    """A page's prose by kind, box and element, in letters."""

    kinds: dict[ElementKind, GroupSums]
    boxes: dict[HtmlElement, GroupSums]
    most_of_kind: int
    """The prose of the kind with the most prose."""
    most_in_box: int
    """The prose of the box with the most prose."""
    by_element: dict[HtmlElement, int]
    """The prose of an element and its descendants."""
    total: int


class ExtractedSpan(NamedTuple):
    """The indexes of the first and last long block that trafilatura extracted; None without any."""

    first: int | None
    last: int | None


class KnownTexts(NamedTuple):
    """The folded texts that the page's data give, and the place of the headline."""

    headline: str
    headline_index: int | None
    standfirst: str
    text: str
    """The text in the page's data between spaces; empty if it is short."""


@dataclass(slots=True)
class PageFacts:
    """A page's blocks and what the features of each depend on."""

    seen: list[BlockFacts]
    counts: Counter[str]
    """Folded text → number of blocks with this text."""
    masses: ProseMasses
    span: ExtractedSpan
    known: KnownTexts
    from_found: dict[HtmlElement, int]
    """The innermost box of most of the extracted text (0) and the boxes around it (1, 2, …)."""
    from_prose: dict[HtmlElement, int]
    """The same for most of the page's prose."""
    whole: tuple[str, ...]
    """Features that all blocks of the page have."""
    places: dict[HtmlElement, ElementNames]
    """The names of the elements seen so far. Boxes around the text itself have none here, as their
    names do not distinguish one block from another."""


def count_prose_letters(blocks: list[Block]) -> int:
    """Return the number of letters in a page's prose: its longer blocks that are hardly linked."""
    return sum(len(block.text) for block in blocks if is_prose_block(block))


def is_prose_block(block: Block) -> bool:
    """Return whether a block is long and hardly linked."""
    return len(block.text) >= MIN_PROSE_SIZE and block.linked * 10 < 3 * len(block.text)


def is_dense_text(text: str) -> bool:
    """Return whether a text is in a script that says much in few letters, such as Chinese."""
    return not text.isascii() and DENSE_SCRIPT.search(text) is not None


def size_in_letters(text: str, is_dense: bool) -> int:
    """Return the size of a text in letters of an alphabet; a dense character counts for 2.5."""
    return len(text) * 5 // 2 if is_dense else len(text)


def compute_block_features(blocks: list[Block], claims: PageClaims) -> Iterator[BlockFeatures]:
    """Yield the blocks that may belong to the article, with their features.

    Blocks that trafilatura missed are skipped if they are short or mostly link.
    """
    scene = _page_facts(blocks, claims)
    for index, seen in enumerate(scene.seen):
        if seen.is_found or (
            seen.linked < MAX_MISSED_LINKED_SHARE and seen.size >= MIN_MISSED_BLOCK_SIZE
        ):
            yield BlockFeatures(
                seen.block, seen.folded, seen.found, _block_feature_names(scene, index)
            )


# -- a page's blocks and sums over them ------------------------------------------------------------


def _page_facts(blocks: list[Block], claims: PageClaims) -> PageFacts:
    """Return the facts of a page on which the features of its blocks depend."""
    extracted = _FoundText(claims.found)
    seen = [_block_facts(block, extracted) for block in blocks]
    masses = _prose_masses(seen)
    found_prose = _prose_by_element(each for each in seen if each.is_found)
    found_mass = found_prose.total()
    found_box = _innermost_with_mass(_sum_upwards(found_prose), FOUND_BOX_SHARE * found_mass)
    prose_box = _innermost_with_mass(masses.by_element, PROSE_BOX_SHARE * masses.total)
    text_box = found_box if found_box is not None else prose_box
    cover = found_mass / masses.total if masses.total else 0.0
    span = _extracted_span(seen)
    return PageFacts(
        seen=seen,
        counts=Counter(each.folded for each in seen),
        masses=masses,
        span=span,
        known=_known_texts(seen, claims, span.first),
        from_found=_number_ancestors(found_box),
        from_prose=_number_ancestors(prose_box),
        whole=("any", FOUND_COVER_SCALE.of(cover), FOUND_MASS_SCALE.of(found_mass)),
        places=dict.fromkeys(_number_ancestors(text_box), ElementNames()),
    )


def _prose_masses(seen: list[BlockFacts]) -> ProseMasses:
    kinds = _group_sums((each.kind, each) for each in seen)
    boxes = _group_sums((each.box, each) for each in seen)
    by_element = _prose_by_element(seen)
    return ProseMasses(
        kinds=kinds,
        boxes=boxes,
        most_of_kind=_largest_prose(kinds),
        most_in_box=_largest_prose(boxes),
        by_element=_sum_upwards(by_element),
        total=by_element.total(),
    )


def _prose_by_element(seen: Iterable[BlockFacts]) -> Counter[HtmlElement]:
    """Return the prose of each element that is a block, in letters."""
    letters: Counter[HtmlElement] = Counter()
    for each in seen:
        if each.is_prose:
            letters[each.block.element] += each.size
    return letters


def _extracted_span(seen: list[BlockFacts]) -> ExtractedSpan:
    indexes = [
        index
        for index, each in enumerate(seen)
        if each.is_found and each.size >= MIN_PROSE_SIZE and each.linked < 0.5
    ]
    return ExtractedSpan(indexes[0], indexes[-1]) if indexes else ExtractedSpan(None, None)


def _known_texts(seen: list[BlockFacts], claims: PageClaims, first: int | None) -> KnownTexts:
    headline = fold_text(claims.headline or "")
    has_text = len(claims.said) > MIN_PAGE_DATA_TEXT_CHARS
    return KnownTexts(
        headline=headline,
        headline_index=_headline_index(seen, headline, first),
        standfirst=fold_text(claims.standfirst or ""),
        text=f" {fold_text(claims.said)} " if has_text else "",
    )


def _group_sums(keyed: Iterable[tuple[GroupKey, BlockFacts]]) -> dict[GroupKey, GroupSums]:
    """Return the sums over the blocks with the same key."""
    sums: dict[GroupKey, GroupSums] = {}
    for key, block in keyed:
        group = sums.get(key)
        if group is None:
            group = sums[key] = GroupSums()
        group.count += 1
        group.found += block.is_found
        if block.is_prose:
            group.prose += block.size
    return sums


def _largest_prose(sums: Mapping[GroupKey, GroupSums]) -> int:
    """Return the prose of the group with the most, in letters; 1 where no group has any."""
    return max((group.prose for group in sums.values()), default=0) or 1


class _FoundText:
    """The text that trafilatura extracted, indexed by line and word."""

    def __init__(self, text: str) -> None:
        lines = [fold_text(line) for line in text.split("\n")]
        self.lines = set(lines) - {""}
        self.all = f" {' '.join(lines)} "
        self.words = set(self.all.split())

    def match(self, text: str, is_dense: bool) -> str:
        """Return how the text has a block's folded text: `line`, `within`, `partly` or `no`."""
        if text in self.lines:
            return "line"
        words = text.split()
        is_long_enough = len(text) > 12 or is_dense
        if is_long_enough and words[0] in self.words and f" {text} " in self.all:
            return "within"
        known_words = sum(map(self.words.__contains__, words))
        if len(words) < 9 or known_words < 0.75 * len(words):
            return "no"
        triples = [" ".join(words[start : start + 3]) for start in range(len(words) - 2)]
        known_triples = sum(triple in self.all for triple in triples)
        return "partly" if known_triples > 0.6 * len(triples) else "no"


def _block_facts(block: Block, extracted: _FoundText) -> BlockFacts:
    """Return the facts of one block."""
    text, element = block.text, block.element
    is_dense = is_dense_text(text)
    bare = fold_text(text)
    parent = element.getparent()
    kind: ElementKind = (str(element.tag), element.get("class"))
    if parent is not None:
        kind = (*kind, str(parent.tag), parent.get("class"))
    return BlockFacts(
        block=block,
        folded=bare,
        size=size_in_letters(text, is_dense),
        linked=block.linked / len(text),
        found=extracted.match(bare, is_dense) if bare else "no",
        kind=kind,
        box=parent if element.tag in BOX_PART_TAGS and parent is not None else element,
    )


def _element_names(element: HtmlElement, places: dict[HtmlElement, ElementNames]) -> ElementNames:
    """Return the names and containers of an element, and note those of it and its ancestors."""
    chain: list[HtmlElement] = []
    step: HtmlElement | None = element
    while step is not None and step not in places and step.tag not in ("body", "html"):
        chain.append(step)
        step = step.getparent()
    place = places.get(step, ElementNames()) if step is not None else ElementNames()
    for step in reversed(chain):
        own = _name_bits(" ".join([step.get(name, "") for name in NAMING_ATTRIBUTES]))
        if DISPLAY_NONE_STYLE.search(step.get("style") or ""):
            own |= HIDDEN_NAME_BIT
        within = place.within | CONTAINER_TAG_BITS.get(str(step.tag), 0)
        place = places[step] = ElementNames(own, own | place.own, place.around | own, within)
    return place


def names_of_element(element: HtmlElement) -> frozenset[str]:
    """Return the names (keys of `BOX_NAME_PATTERNS`) that an element's naming attributes give
    it."""
    return names_in_attributes(" ".join(element.get(name) or "" for name in NAMING_ATTRIBUTES))


def names_in_attributes(words: str) -> frozenset[str]:
    """Return the names (keys of `BOX_NAME_PATTERNS`) that the words of class, id, role or itemprop
    give."""
    bits = _name_bits(words)
    return frozenset(name for bit, name, _ in BOX_NAME_BITS if bits & bit)


@lru_cache(8192)
def _name_bits(words: str) -> int:
    """Return the names that words of attributes give, as bits of `BOX_NAME_BITS`."""
    bits = 0
    for word in ATTRIBUTE_WORD.findall(words):
        bits |= _word_name_bits(word.lower())
    return bits


@lru_cache(32768)
def _word_name_bits(word: str) -> int:
    return sum(bit for bit, _, pattern in BOX_NAME_BITS if pattern.search(word))


def _sum_upwards(mass: Mapping[HtmlElement, int]) -> dict[HtmlElement, int]:
    """Return the mass of each element with all its descendants."""
    sums: Counter[HtmlElement] = Counter()
    for element, own in mass.items():
        sums[element] += own
        for ancestor in element.iterancestors():
            sums[ancestor] += own
    return sums


def _innermost_with_mass(mass: dict[HtmlElement, int], least: float) -> HtmlElement | None:
    """Return the innermost element that holds at least this mass; None without any mass."""
    holders = (element for element, held in mass.items() if least and held >= least)
    return max(holders, key=lambda element: sum(1 for _ in element.iterancestors()), default=None)


def _number_ancestors(box: HtmlElement | None) -> dict[HtmlElement, int]:
    """Return a box and its ancestors, numbered from the box outwards."""
    if box is None:
        return {}
    return {element: number for number, element in enumerate((box, *box.iterancestors()))}


def _headline_index(seen: list[BlockFacts], headline: str, first: int | None) -> int | None:
    """Return the index of the headline, the last such heading before the text (at `first`)."""
    if not headline:
        return None
    indexes = [index for index, each in enumerate(seen) if each.folded == headline]
    top_headings = [index for index in indexes if seen[index].block.element.tag == "h1"]
    candidates = top_headings or indexes
    if first is not None:
        above = [index for index in candidates if index <= first + 2]
        if above:
            return above[-1]
    return candidates[0] if candidates else None


# -- the features of a block -----------------------------------------------------------------------


def _block_feature_names(scene: PageFacts, index: int) -> list[str]:
    """Return the names of a block's features."""
    seen = scene.seen[index]
    place = _element_names(seen.block.element, scene.places)
    return [
        *scene.whole,
        FOUND_FEATURES[seen.found],
        SIZE_SCALE.of(seen.size),
        LINKED_SCALE.of(seen.linked),
        *_tag_features(seen.block.element),
        *_text_features(seen.block.text),
        *_page_data_features(scene, seen),
        *_group_features(scene.masses, seen),
        *_position_features(scene, index, seen.block.element),
        *_box_name_features(place.near, place.around, place.within),
        *_neighbour_features(scene, seen, index - 1, "before it"),
        *_neighbour_features(scene, seen, index + 1, "after it"),
        *_subheading_features(scene, seen, index + 1),
    ]


def _tag_features(element: HtmlElement) -> Iterator[str]:
    parent = element.getparent()
    yield TAG_FEATURES.get(str(element.tag), "in a box")
    if parent is not None:
        yield PARENT_TAG_FEATURES.get(str(parent.tag), "in that a box")


def _text_features(text: str) -> Iterator[str]:
    """Yield the features of a block's text."""
    yield _ending_feature(text[-1])
    beginning = _beginning_feature(text[0])
    if beginning:
        yield beginning
    if len(text) > 20:
        if ", " in text or "，" in text or "、" in text:
            yield "commas"
        if ". " in text or "。" in text[:-1]:
            yield "sentences"
    if len(text) < 220:
        yield from _short_text_features(text)


def _ending_feature(last: str) -> str:
    """Return the feature of a text's last character."""
    feature = ENDING_FEATURES.get(last)
    if feature:
        return feature
    if last.isalpha():
        return "ends in a letter"
    return "ends in a digit" if last.isdigit() else "ends oddly"


def _beginning_feature(first: str) -> str | None:
    """Return the feature of a text's first character, or None."""
    if first.islower():
        return "begins small"
    if first.isalpha() or first in OPENING_MARKS:
        return None
    return "begins with a digit" if first.isdigit() else "begins oddly"


def _short_text_features(text: str) -> Iterator[str]:
    """Yield the features that only texts of less than 220 characters have."""
    if len(text) < 120:
        if sum(map(str.isdigit, text)) * 4 > len(text):
            yield "digits"
        if text.isupper() and len(text) > 3:
            yield "capitals"
        if any(bar in text for bar in (" | ", " / ", " · ")):
            yield "bars"
        if len(text) < 60 and BUTTON_LINE.match(text):
            yield "a button's words"
    if "@" in text:
        yield "an address"
    if claims_rights(text):
        yield "rights"
    if READ_MORE_OPENING.match(text):
        yield "read more"


def _page_data_features(scene: PageFacts, seen: BlockFacts) -> Iterator[str]:
    """Yield the features of a block's text compared with the page's data and its other blocks."""
    if scene.counts[seen.folded] > 1:
        yield "twice, long" if len(seen.block.text) > MIN_PROSE_SIZE else "twice, short"
    if not seen.folded:
        return
    known = scene.known
    if known.text:
        yield "the data have it" if f" {seen.folded} " in known.text else "the data lack it"
    if seen.folded == known.headline:
        yield "the headline"
    if seen.folded == known.standfirst:
        yield "the standfirst"


def _group_features(masses: ProseMasses, seen: BlockFacts) -> Iterator[str]:
    """Yield the features of the blocks of the same kind and in the same box."""
    kind, box = masses.kinds[seen.kind], masses.boxes[seen.box]
    yield KIND_PROSE_SCALE.of(kind.prose / masses.most_of_kind)
    yield BOX_PROSE_SCALE.of(box.prose / masses.most_in_box)
    kind_share, box_share = kind.share_found(seen), box.share_found(seen)
    yield "kind of its own" if kind_share is None else KIND_FOUND_SCALE.of(kind_share)
    if box_share is not None:
        yield BOX_FOUND_SCALE.of(box_share)


def _position_features(scene: PageFacts, index: int, element: HtmlElement) -> Iterator[str]:
    """Yield the features of a block's place on the page."""
    parent, masses = element.getparent(), scene.masses
    held = masses.by_element.get(parent, 0) if parent is not None else 0
    yield WIDE_BOX_PROSE_SCALE.of(held / masses.total if masses.total else 0.0)
    yield _distance_feature("text", scene.from_found, element)
    yield _distance_feature("prose", scene.from_prose, element)
    yield _text_position_feature(scene.span, index)
    yield _headline_position_feature(scene.known.headline_index, index)


def _distance_feature(what: str, steps: dict[HtmlElement, int], element: HtmlElement) -> str:
    """Return the feature of the number of boxes from an element to the box of the text."""
    if not steps:
        return f"no {what}"
    distance = _steps_to_numbered_box(element, steps)
    return f"{min(distance, 4)} boxes from the {what}" if distance else f"in the {what}"


def _steps_to_numbered_box(element: HtmlElement, steps: dict[HtmlElement, int]) -> int:
    """Return the number of the innermost numbered box around an element; 9 without one.

    The elements on the way get the same number in `steps`, to be found faster the next time.
    """
    path: list[HtmlElement] = []
    step: HtmlElement | None = element
    while step is not None and step not in steps:
        path.append(step)
        step = step.getparent()
    number = 9 if step is None else steps[step]
    steps.update(dict.fromkeys(path, number))
    return number


def _text_position_feature(span: ExtractedSpan, index: int) -> str:
    if span.first is None or span.last is None:
        return "no text found"
    if index < span.first:
        return ABOVE_TEXT_SCALE.of(span.first - index)
    return "amid" if index <= span.last else BELOW_TEXT_SCALE.of(index - span.last)


def _headline_position_feature(headline_index: int | None, index: int) -> str:
    if headline_index is None:
        return "no headline"
    if index < headline_index:
        return "above the headline"
    return "close below the headline" if index < headline_index + 4 else "below the headline"


@lru_cache(4096)
def _box_name_features(near: int, around: int, within: int) -> tuple[str, ...]:
    """Return the features of the names and containers of a block's boxes."""
    features = [
        f"called {name}" if near & bit else f"in what is called {name}"
        for bit, name, _ in BOX_NAME_BITS
        if around & bit
    ]
    if around & ARTICLE_TEXT_BITS == ARTICLE_TEXT_BITS:
        is_near = near & ARTICLE_TEXT_BITS == ARTICLE_TEXT_BITS
        features.append("called article text" if is_near else "in what is called article text")
    features += [f"within {tag}" for tag, bit in CONTAINER_TAG_BITS.items() if within & bit]
    return tuple(features)


def _subheading_features(scene: PageFacts, seen: BlockFacts, next_index: int) -> Iterator[str]:
    """Yield a feature for a heading with an extracted paragraph below it in the same box."""
    element = seen.block.element
    is_heading = element.tag in SUBHEADING_TAGS and seen.linked < MAX_MISSED_LINKED_SHARE
    if not is_heading or next_index >= len(scene.seen):
        return
    below = scene.seen[next_index]
    has_same_box = below.block.element.getparent() is element.getparent()
    if below.is_prose and below.is_found and has_same_box:
        yield "heads a paragraph"


def _neighbour_features(
    scene: PageFacts, seen: BlockFacts, index: int, where: str
) -> Iterator[str]:
    """Yield the features of the block before (`before it`) or after (`after it`) a block."""
    if not 0 <= index < len(scene.seen):
        yield f"nothing {where}"
        return
    other = scene.seen[index]
    size_scale, linked_scale = NEIGHBOUR_SCALES[where]
    yield size_scale.of(other.size)
    yield linked_scale.of(other.linked)
    if other.is_found:
        yield f"found {where}"
    if other.kind == seen.kind:
        yield f"alike {where}"
