"""What there is to see of a page's blocks that speaks for or against their being the article's.

Each sign has a name. `crawler.extraction.main_text.line_classifier` weighs them,
`bench.train_lines` learns the weights, `crawler.extraction.main_text.feature_labels` puts them in
plain words.
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

from crawler.extraction.blocks import Block, folded
from crawler.extraction.main_text.line_rules import COMMENTS, DENSE, READ_MORE, claims_rights

NAMES = {
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
"""What words in an element's class, id, role and itemprop tell of it."""
NAMED = tuple(
    (1 << bit, name, re.compile(pattern)) for bit, (name, pattern) in enumerate(NAMES.items())
)
ARTICLE_TEXT = 0b11
WORD = re.compile("[a-z]+|[A-Z]+[a-z]*")
SAID_IN = ("class", "id", "itemprop", "role")
HIDDEN = 1 << list(NAMES).index("hidden")
UNSEEN = re.compile(r"display\s*:\s*none", re.I)
WITHIN_TEXT = (
    "article main figure aside footer header nav form ul ol table blockquote section details"
)
WITHIN = tuple(WITHIN_TEXT.split())
WITHIN_BITS = {tag: 1 << bit for bit, tag in enumerate(WITHIN)}
TAGS_TEXT = """
p h1 h2 h3 h4 h5 h6 li td th div figcaption blockquote dt dd br article section body main center pre footer header
address label caption summary
"""
TAGS = frozenset(TAGS_TEXT.split())
SUBHEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
PARTS = frozenset(("p", "h2", "h3", "h4", "li", "blockquote", "td", "br"))
"""Elements whose box is the one around them."""


class Scale(NamedTuple):
    """A number's signs: one for each step between the edges, the one below the first edge first."""

    edges: tuple[float, ...]
    signs: tuple[str, ...]

    def of(self, value: float) -> str:
        """The sign of a number; one on an edge is above it."""
        return self.signs[bisect_right(self.edges, value)]


def _scale(said: str, edges: tuple[float, ...], names: str) -> Scale:
    return Scale(edges, tuple(said.format(name) for name in names.split()))


SIZES, SIZE_NAMES = (15, 30, 60, 120, 250), "15 30 60 120 250 more"
"""Letters of a block; one in a dense script counts for two and a half."""
LINKED, LINKED_NAMES = (0.001, 0.2, 0.5, 0.9), "none bit some most all"
SIZE, LINK = _scale("size {}", SIZES, SIZE_NAMES), _scale("linked {}", LINKED, LINKED_NAMES)
BESIDE = {
    where: (
        _scale("{} " + where, SIZES, SIZE_NAMES),
        _scale("linked {} " + where, LINKED, LINKED_NAMES),
    )
    for where in ("before it", "after it")
}
KIND, BOX, WIDE_BOX = (
    _scale(said + " {}", (0.02, 0.15, 0.5, 0.999), "2 15 50 99 top")
    for said in ("kind", "box", "wide box")
)
KIN_FOUND, BOX_FOUND = (
    _scale(said + " found {}", (0.001, 0.2, 0.5, 0.8, 0.999), "none 20 50 80 most all")
    for said in ("kin", "box")
)
ABOVE, BELOW = (
    _scale(said + " by {}", (2, 3, 6, 16), "1 2 5 15 more") for said in ("above", "below")
)
COVER = _scale("found of the prose {}", (0.3, 0.6, 0.85), "30 60 85 all")
MASS = _scale("found {}", (300, 1000, 4000), "300 1000 4000 more")
PROSE = 60
"""Size from which a block that is hardly linked counts as prose."""
LEAST, MOST_LINKED = 15, 0.5
"""A block that trafilatura lacks is passed over if it is smaller, or more of it is link."""


class Claims(NamedTuple):
    """What is said of a page's text."""

    found: str
    """trafilatura's text."""
    headline: str | None = None
    said: str = ""
    """The text that the page's data give."""
    standfirst: str | None = None


class Judged(NamedTuple):
    """A block that may be the article's."""

    block: Block
    folded: str
    found: str
    """Whether trafilatura has it: `line`, `within` a line, `partly`, or `no`."""
    signs: list[str]


Kind = tuple[str | None, ...]
"""An element's and its parent's tag and class: alike for paragraphs of one text."""
Key = TypeVar("Key", Kind, HtmlElement)


@dataclass(slots=True)
class Seen:
    """A block and what is asked of it again and again."""

    block: Block
    folded: str
    size: int
    linked: float
    found: str
    kind: Kind
    box: HtmlElement

    @property
    def is_prose(self) -> bool:
        return self.linked < 0.3 and self.size >= PROSE


@dataclass(slots=True)
class Kin:
    """The blocks that have the same kind or the same box."""

    many: int = 0
    found: int = 0
    """How many of them trafilatura has."""
    prose: int = 0

    def share(self, one: Seen) -> float | None:
        """Which share of a block's kin, itself not counted, trafilatura has; None if it has
        none."""
        others = self.many - 1
        return (self.found - (one.found != "no")) / others if others else None


class Place(NamedTuple):
    """What an element, its parent and all around it are called, as bits of NAMED and WITHIN."""

    own: int = 0
    near: int = 0
    around: int = 0
    within: int = 0


@dataclass(slots=True)
class Scene:
    """A page's blocks as they are judged, and sums over them."""

    seen: list[Seen]
    counts: Counter[str]
    kinds: dict[Kind, Kin]
    boxes: dict[HtmlElement, Kin]
    most_of_kind: int
    """The prose of the kind that has the most."""
    most_in_box: int
    wide_mass: dict[HtmlElement, int]
    mass: int
    from_found: dict[HtmlElement, int]
    """The innermost box of most of trafilatura's text, and the boxes around it, numbered from the
    inside."""
    from_prose: dict[HtmlElement, int]
    """The same of most of the page's prose."""
    first: int | None
    last: int | None
    headline: str
    headline_at: int | None
    standfirst: str
    said: str
    whole: tuple[str, ...]
    """Signs that all blocks of the page have."""
    places: dict[HtmlElement, Place]
    """Names of boxes that the text itself is in, too, do not count: they tell nothing of a
    block."""


def prose(blocks: list[Block]) -> int:
    """How many letters of a page stand in longer blocks and outside links."""
    return sum(len(block.text) for block in blocks if is_prose(block))


def is_prose(block: Block) -> bool:
    """Whether a block is long and hardly linked."""
    return len(block.text) >= PROSE and block.linked * 10 < 3 * len(block.text)


def judged(blocks: list[Block], claims: Claims) -> Iterator[Judged]:
    """The blocks that may be the article's. Of those that trafilatura lacks, none that is short or
    a link."""
    scene = _scene(blocks, claims)
    for at, seen in enumerate(scene.seen):
        if seen.found != "no" or (seen.linked < MOST_LINKED and seen.size >= LEAST):
            yield Judged(seen.block, seen.folded, seen.found, _signs(scene, at))


# -- a page's blocks and sums over them ------------------------------------------------------------


def _scene(blocks: list[Block], claims: Claims) -> Scene:
    has = _Found(claims.found)
    seen = [_seen(block, has) for block in blocks]
    prose: Counter[HtmlElement] = Counter()
    held: Counter[HtmlElement] = Counter()
    for one in seen:
        if one.is_prose:
            prose[one.block.element] += one.size
            if one.found != "no":
                held[one.block.element] += one.size
    wide, mass, found_mass = _upwards(prose), prose.total(), held.total()
    found_box, prose_box = _deepest(_upwards(held), 0.85 * found_mass), _deepest(wide, 0.6 * mass)
    box = found_box if found_box is not None else prose_box
    long = [
        at
        for at, one in enumerate(seen)
        if one.found != "no" and one.size >= PROSE and one.linked < 0.5
    ]
    first, last = (long[0], long[-1]) if long else (None, None)
    wanted = folded(claims.headline or "")
    kinds, boxes = _kin((one.kind, one) for one in seen), _kin((one.box, one) for one in seen)
    return Scene(
        seen=seen,
        counts=Counter(one.folded for one in seen),
        kinds=kinds,
        boxes=boxes,
        most_of_kind=_most(kinds),
        most_in_box=_most(boxes),
        wide_mass=wide,
        mass=mass,
        from_found=_outwards(found_box),
        from_prose=_outwards(prose_box),
        first=first,
        last=last,
        headline=wanted,
        headline_at=_headline_at(seen, wanted, first),
        standfirst=folded(claims.standfirst or ""),
        said=f" {folded(claims.said)} " if len(claims.said) > 300 else "",
        whole=("any", COVER.of(found_mass / mass if mass else 0.0), MASS.of(found_mass)),
        places=dict.fromkeys((box, *box.iterancestors()) if box is not None else (), Place()),
    )


def _kin(keyed: Iterable[tuple[Key, Seen]]) -> dict[Key, Kin]:
    sums: dict[Key, Kin] = {}
    for key, one in keyed:
        kin = sums.get(key)
        if kin is None:
            kin = sums[key] = Kin()
        kin.many += 1
        kin.found += one.found != "no"
        if one.is_prose:
            kin.prose += one.size
    return sums


def _most(sums: Mapping[Key, Kin]) -> int:
    """The prose of those that have the most; 1 where there is none."""
    return max((kin.prose for kin in sums.values()), default=0) or 1


class _Found:
    """trafilatura's text, to look blocks up in."""

    def __init__(self, text: str) -> None:
        lines = [folded(line) for line in text.split("\n")]
        self.lines = set(lines) - {""}
        self.all = f" {' '.join(lines)} "
        self.words = set(self.all.split())

    def has(self, text: str, dense: bool) -> str:
        if text in self.lines:
            return "line"
        words = text.split()
        if (len(text) > 12 or dense) and words[0] in self.words and f" {text} " in self.all:
            return "within"
        if len(words) < 9 or sum(map(self.words.__contains__, words)) < 0.75 * len(words):
            return "no"
        triples = [" ".join(words[at : at + 3]) for at in range(len(words) - 2)]
        return (
            "partly" if sum(triple in self.all for triple in triples) > 0.6 * len(triples) else "no"
        )


def _seen(block: Block, has: _Found) -> Seen:
    text, element = block.text, block.element
    dense = not text.isascii() and bool(DENSE.search(text))
    bare = folded(text)
    around = element.getparent()
    kind = (
        element.tag,
        element.get("class"),
        *((around.tag, around.get("class")) if around is not None else ()),
    )
    box = around if element.tag in PARTS and around is not None else element
    size = len(text) * 5 // 2 if dense else len(text)
    return Seen(
        block,
        bare,
        size,
        block.linked / len(text),
        has.has(bare, dense) if bare else "no",
        kind,
        box,
    )


def _place(element: HtmlElement, places: dict[HtmlElement, Place]) -> Place:
    chain: list[HtmlElement] = []
    step: HtmlElement | None = element
    while step is not None and step not in places and step.tag not in ("body", "html"):
        chain.append(step)
        step = step.getparent()
    place = places.get(step, Place()) if step is not None else Place()
    for step in reversed(chain):
        own = _names(" ".join([step.get(name, "") for name in SAID_IN]))
        if UNSEEN.search(step.get("style") or ""):
            own |= HIDDEN
        within = place.within | WITHIN_BITS.get(str(step.tag), 0)
        place = places[step] = Place(own, own | place.own, place.around | own, within)
    return place


def names_of(said: str) -> frozenset[str]:
    """What the words of an element's class, id, role and itemprop tell of it, as `NAMES` has it."""
    bits = _names(said)
    return frozenset(name for bit, name, _ in NAMED if bits & bit)


@lru_cache(8192)
def _names(said: str) -> int:
    bits = 0
    for word in WORD.findall(said):
        bits |= _name(word.lower())
    return bits


@lru_cache(32768)
def _name(word: str) -> int:
    return sum(bit for bit, _, pattern in NAMED if pattern.search(word))


def _upwards(mass: Mapping[HtmlElement, int]) -> dict[HtmlElement, int]:
    """The mass of each element and all in it."""
    sums: Counter[HtmlElement] = Counter()
    for element, own in mass.items():
        sums[element] += own
        for around in element.iterancestors():
            sums[around] += own
    return sums


def _deepest(mass: dict[HtmlElement, int], least: float) -> HtmlElement | None:
    """The innermost element that holds that much."""
    holds = (element for element, held in mass.items() if least and held >= least)
    return max(holds, key=lambda element: sum(1 for _ in element.iterancestors()), default=None)


def _outwards(box: HtmlElement | None) -> dict[HtmlElement, int]:
    """A box and those around it, numbered from the inside."""
    return (
        {}
        if box is None
        else {around: number for number, around in enumerate((box, *box.iterancestors()))}
    )


def _headline_at(seen: list[Seen], wanted: str, first: int | None) -> int | None:
    """Which block is the headline: the last heading before the text."""
    places = [at for at, one in enumerate(seen) if wanted and one.folded == wanted]
    headings = [at for at in places if seen[at].block.element.tag == "h1"] or places
    above = [at for at in headings if first is None or at <= first + 2]
    return above[-1] if above and first is not None else next(iter(headings), None)


# -- signs -----------------------------------------------------------------------------------------


def _signs(scene: Scene, at: int) -> list[str]:
    one = scene.seen[at]
    place = _place(one.block.element, scene.places)
    return [
        *scene.whole,
        FOUND[one.found],
        SIZE.of(one.size),
        LINK.of(one.linked),
        *_tags(one.block.element),
        *_words(one.block.text),
        *_data(scene, one),
        *_relatives(scene, one),
        *_where(scene, at, one.block.element),
        *_named(place.near, place.around, place.within),
        *_neighbour(scene, one, at - 1, "before it"),
        *_neighbour(scene, one, at + 1, "after it"),
        *_over_paragraph(scene, one, at + 1),
    ]


FOUND = {found: f"found {found}" for found in ("line", "within", "partly", "no")}


def _tags(element: HtmlElement) -> Iterator[str]:
    around = element.getparent()
    yield IN_A.get(str(element.tag), "in a box")
    if around is not None:
        yield IN_THAT_A.get(str(around.tag), "in that a box")


IN_A, IN_THAT_A = ({tag: f"in {which}a {tag}" for tag in TAGS} for which in ("", "that "))


def _words(text: str) -> Iterator[str]:
    first, last = text[0], text[-1]
    if last in '.!?”。…"»！？':
        yield "ends as a sentence"
    elif last in ":：":
        yield "ends in a colon"
    elif last in ",;-–—":
        yield "ends in a comma"
    else:
        yield (
            "ends in a letter"
            if last.isalpha()
            else "ends in a digit"
            if last.isdigit()
            else "ends oddly"
        )
    if first.islower():
        yield "begins small"
    elif not first.isalpha() and first not in "\"“„«‘'([「":
        yield "begins with a digit" if first.isdigit() else "begins oddly"
    if len(text) > 20:
        if ", " in text or "，" in text or "、" in text:
            yield "commas"
        if ". " in text or "。" in text[:-1]:
            yield "sentences"
    if len(text) < 220:
        yield from _short(text)


def _short(text: str) -> Iterator[str]:
    if len(text) < 120:
        if sum(map(str.isdigit, text)) * 4 > len(text):
            yield "digits"
        if text.isupper() and len(text) > 3:
            yield "capitals"
        if " | " in text or " / " in text or " · " in text:
            yield "bars"
        if len(text) < 60 and COMMENTS.match(text):
            yield "a button's words"
    if "@" in text:
        yield "an address"
    if claims_rights(text):
        yield "rights"
    if READ_MORE.match(text):
        yield "read more"


def _data(scene: Scene, one: Seen) -> Iterator[str]:
    if scene.counts[one.folded] > 1:
        yield "twice, long" if len(one.block.text) > PROSE else "twice, short"
    if not one.folded:
        return
    if scene.said:
        yield "the data have it" if f" {one.folded} " in scene.said else "the data lack it"
    if one.folded == scene.headline:
        yield "the headline"
    if one.folded == scene.standfirst:
        yield "the standfirst"


def _relatives(scene: Scene, one: Seen) -> Iterator[str]:
    kind, box = scene.kinds[one.kind], scene.boxes[one.box]
    yield KIND.of(kind.prose / scene.most_of_kind)
    yield BOX.of(box.prose / scene.most_in_box)
    share = kind.share(one)
    yield KIN_FOUND.of(share) if share is not None else "kind of its own"
    if (share := box.share(one)) is not None:
        yield BOX_FOUND.of(share)


def _where(scene: Scene, at: int, element: HtmlElement) -> Iterator[str]:
    around = element.getparent()
    wide = scene.wide_mass.get(around, 0) / scene.mass if around is not None and scene.mass else 0.0
    yield WIDE_BOX.of(wide)
    yield _beside("text", scene.from_found, element)
    yield _beside("prose", scene.from_prose, element)
    yield _place_in_text(scene, at)
    yield _place_to_headline(scene, at)


def _beside(what: str, steps: dict[HtmlElement, int], element: HtmlElement) -> str:
    """Whether an element is in the box of the text, or how many boxes further out."""
    if not steps:
        return f"no {what}"
    far = _steps_from(element, steps)
    return f"{min(far, 4)} boxes from the {what}" if far else f"in the {what}"


def _steps_from(element: HtmlElement, steps: dict[HtmlElement, int]) -> int:
    """The number of the innermost numbered box around an element; what lies between has it from now
    on, too."""
    way: list[HtmlElement] = []
    step: HtmlElement | None = element
    while step is not None and step not in steps:
        way.append(step)
        step = step.getparent()
    number = 9 if step is None else steps[step]
    steps.update(dict.fromkeys(way, number))
    return number


def _place_in_text(scene: Scene, at: int) -> str:
    if scene.first is None or scene.last is None:
        return "no text found"
    if at < scene.first:
        return ABOVE.of(scene.first - at)
    return "amid" if at <= scene.last else BELOW.of(at - scene.last)


def _place_to_headline(scene: Scene, at: int) -> str:
    if scene.headline_at is None:
        return "no headline"
    beyond = at - scene.headline_at
    return (
        "above the headline"
        if beyond < 0
        else "close below the headline"
        if beyond < 4
        else "below the headline"
    )


@lru_cache(4096)
def _named(near: int, around: int, within: int) -> tuple[str, ...]:
    names = [
        f"called {name}" if near & bit else f"in what is called {name}"
        for bit, name, _ in NAMED
        if around & bit
    ]
    if around & ARTICLE_TEXT == ARTICLE_TEXT:
        names.append(
            "called article text"
            if near & ARTICLE_TEXT == ARTICLE_TEXT
            else "in what is called article text"
        )
    return (*names, *(f"within {tag}" for tag, bit in WITHIN_BITS.items() if within & bit))


def _over_paragraph(scene: Scene, one: Seen, at: int) -> Iterator[str]:
    """A heading and the paragraph below it in one box belong together."""
    element = one.block.element
    if element.tag in SUBHEADINGS and one.linked < MOST_LINKED and at < len(scene.seen):
        below = scene.seen[at]
        if (
            below.is_prose
            and below.found != "no"
            and below.block.element.getparent() is element.getparent()
        ):
            yield "heads a paragraph"


def _neighbour(scene: Scene, one: Seen, at: int, where: str) -> Iterator[str]:
    if not 0 <= at < len(scene.seen):
        yield f"nothing {where}"
        return
    other = scene.seen[at]
    size, linked = BESIDE[where]
    yield size.of(other.size)
    yield linked.of(other.linked)
    if other.found != "no":
        yield f"found {where}"
    if other.kind == one.kind:
        yield f"alike {where}"
