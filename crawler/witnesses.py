"""Which of a page's blocks are its article's: signs for and against each, weighed.

trafilatura's word is one sign beside others: where a block stands, what its boxes are called, how much of it is link,
what the page's data say. Each has a weight in `witnesses.toml`, learnt from pages whose text is known (`python -m
bench.train_lines`): a logistic regression, one weight for a block that trafilatura has and one for a block it lacks. A
line of trafilatura's is left out only where much speaks against it, and a block is added only where much speaks for it.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from lxml.html import HtmlElement

from crawler.blocks import Block, folded
from crawler.paragraphs import COMMENTS, DENSE, READ_MORE, RIGHTS_WITHIN

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
NAMED = tuple((1 << bit, name, re.compile(pattern)) for bit, (name, pattern) in enumerate(NAMES.items()))
ARTICLE_TEXT = 0b11
WORD = re.compile("[a-z]+|[A-Z]+[a-z]*")
SAID_IN = ("class", "id", "itemprop", "role")
HIDDEN = 1 << list(NAMES).index("hidden")
UNSEEN = re.compile(r"display\s*:\s*none", re.I)
WITHIN_TEXT = "article main figure aside footer header nav form ul ol table blockquote section details"
WITHIN = tuple(WITHIN_TEXT.split())
WITHIN_BITS = {tag: 1 << bit for bit, tag in enumerate(WITHIN)}
TAGS_TEXT = """
p h1 h2 h3 h4 h5 h6 li td th div figcaption blockquote dt dd br article section body main center pre footer header
address label caption summary
"""
TAGS = frozenset(TAGS_TEXT.split())
PARTS = frozenset(("p", "h2", "h3", "h4", "li", "blockquote", "td", "br"))
"""Elements whose box is the one around them."""

SIZES, SIZE_NAMES = (15, 30, 60, 120, 250), ("15", "30", "60", "120", "250", "more")
"""Letters of a block; one in a dense script counts for two and a half."""
LINKED, LINKED_NAMES = (0.001, 0.2, 0.5, 0.9), ("none", "bit", "some", "most", "all")
STEPS, STEP_NAMES = (2, 3, 6, 16), ("1", "2", "5", "15", "more")
SHARES, SHARE_NAMES = (0.02, 0.15, 0.5, 0.999), ("2", "15", "50", "99", "top")
COVERS, COVER_NAMES = (0.3, 0.6, 0.85), ("30", "60", "85", "all")
MASSES, MASS_NAMES = (300, 1000, 4000), ("300", "1000", "4000", "more")
LEAVES, ADDS = -1.0, 1.0
"""Weights below which a line of trafilatura's is left out, and above which a block is added."""
FEWEST_LEFT = 0.5
"""How much of trafilatura's text must be left for the signs to be believed."""
PROSE = 60
"""Size from which a block that is hardly linked counts as prose."""


@dataclass(slots=True)
class Seen:
    """A block and what is asked of it again and again."""

    block: Block
    folded: str
    size: float
    linked: float
    found: str
    """Whether trafilatura has it: `line`, `within` a line, `partly`, or `no`."""
    kind: tuple[str | None, ...]
    """Its element's and that one's parent's tag and class: alike for paragraphs of one text."""

    @property
    def is_prose(self) -> bool:
        return self.linked < 0.3 and self.size >= PROSE


@dataclass(slots=True, frozen=True)
class Place:
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
    kinds: Counter[tuple[str | None, ...]]
    kind_mass: dict[tuple[str | None, ...], float]
    most_of_a_kind: float
    box_mass: dict[HtmlElement, float]
    most_of_a_box: float
    wide_mass: dict[HtmlElement, float]
    mass: float
    found_mass: float
    from_found: dict[HtmlElement, int]
    """The innermost box of most of trafilatura's text, and the boxes around it, numbered from the inside."""
    from_prose: dict[HtmlElement, int]
    """The same of most of the page's prose."""
    first: int | None
    last: int | None
    headline: str
    headline_at: int | None
    said: str
    places: dict[HtmlElement, Place] = field(default_factory=dict)
    """Names of boxes that the text itself is in, too, do not count: they tell nothing of a block."""


def prose(blocks: list[Block]) -> int:
    """How many letters of a page stand in longer blocks and outside links."""
    return sum(len(block.text) for block in blocks if is_prose(block))


def is_prose(block: Block) -> bool:
    """Whether a block is long and hardly linked."""
    return len(block.text) >= PROSE and block.linked * 10 < 3 * len(block.text)


def judged(blocks: list[Block], found: str, headline: str | None, said: str) -> Iterator[tuple[Block, str, list[str]]]:
    """Each block that may be the article's, its folded text, and its signs.

    `found` is trafilatura's text, `said` the text that the page's data give, if any. Blocks that are links from end to
    end and not in `found` are passed over.
    """
    scene = _scene(blocks, found, headline, said)
    for at, seen in enumerate(scene.seen):
        if seen.linked < 0.9 or seen.found != "no":
            yield seen.block, seen.folded, _signs(scene, at)


def weight(signs: Iterable[str]) -> float:
    """The logarithm of the odds that a block with these signs is the article's."""
    table = weights()
    return sum(table.get(sign, 0.0) for sign in signs)


@cache
def weights() -> dict[str, float]:
    """By sign, `+` behind it where trafilatura has the block and `-` where it has not."""
    return dict(tomllib.loads(files("crawler").joinpath("witnesses.toml").read_text("utf-8"))["weights"])


Weighed = tuple[Block, str, list[str], float]
"""A block, its folded text, its signs and their weight."""


class Choice(NamedTuple):
    """The lines of a text, after what its page's blocks say of them."""

    lines: list[str]
    dropped: list[tuple[str, str]]
    """Lines that trafilatura had, each with why it was left out."""
    added: list[str]
    """Those of the lines that trafilatura had not."""


def chosen(blocks: list[Block], found: str, headline: str | None, said: str) -> Choice:
    """trafilatura's lines without those that much speaks against, and with the blocks that much speaks for.

    Signs that speak against most of a text are wrong about it (a live report is one box named `article` after the
    other): then it stays whole.
    """
    weighed = [(block, same, signs, weight(signs)) for block, same, signs in judged(blocks, found, headline, said)]
    given = [line for line in found.split("\n") if line]
    kept, dropped = _parted(given, weighed)
    if sum(map(len, kept)) < FEWEST_LEFT * sum(map(len, given)):
        return Choice(given, [], [])
    have = {folded(line) for line in kept}
    order = {id(block): at for at, block in enumerate(blocks)}
    added = [
        (order[id(block)], block.text)
        for block, same, signs, worth in weighed
        if worth > ADDS and signs[1] == "found no-" and same not in have
    ]
    places = _Places(blocks)
    lines = sorted([*((places.next(line), line) for line in kept), *added], key=lambda placed: placed[0])
    return Choice([line for _, line in lines], dropped, [line for _, line in added])


def _parted(given: list[str], weighed: list[Weighed]) -> tuple[list[str], list[tuple[str, str]]]:
    """The lines that stay, and those that go with the reason; of blocks that say the same, the best one counts."""
    best: dict[str, tuple[float, list[str]]] = {}
    for _, same, signs, worth in weighed:
        if same not in best or best[same][0] < worth:
            best[same] = (worth, signs)
    verdicts = [(line, *best.get(folded(line), (0.0, []))) for line in given]
    kept = [line for line, worth, _ in verdicts if worth >= LEAVES]
    return kept, [(line, because(signs)) for line, worth, signs in verdicts if worth < LEAVES]


def because(signs: list[str], most: int = 3) -> str:
    """The signs that speak most against a block, strongest first."""
    table = weights()
    against = sorted((table.get(sign, 0.0), sign) for sign in signs)
    return ", ".join(sign.rstrip("+-") for worth, sign in against[:most] if worth < 0)


class _Places:
    """Where the lines of a text stand on the page, one after the other."""

    def __init__(self, blocks: list[Block]) -> None:
        self._of: defaultdict[str, list[int]] = defaultdict(list)
        for at, block in enumerate(blocks):
            self._of[folded(block.text)].append(at)
        self._last = -1

    def next(self, line: str) -> int:
        """The line's block behind the last one asked for; that one's if there is none."""
        places = self._of.get(folded(line), [])
        behind = bisect_right(places, self._last)
        self._last = places[behind] if behind < len(places) else self._last
        return self._last


# -- a page's blocks and sums over them ------------------------------------------------------------------------------


def _scene(blocks: list[Block], found: str, headline: str | None, said: str) -> Scene:
    has = _Found(found)
    seen = [_seen(block, has) for block in blocks]
    kind_mass: defaultdict[tuple[str | None, ...], float] = defaultdict(float)
    box_mass: defaultdict[HtmlElement, float] = defaultdict(float)
    prose: defaultdict[HtmlElement, float] = defaultdict(float)
    held: defaultdict[HtmlElement, float] = defaultdict(float)
    for one in filter(lambda one: one.is_prose, seen):
        kind_mass[one.kind] += one.size
        box_mass[_box(one.block.element)] += one.size
        prose[one.block.element] += one.size
        if one.found != "no":
            held[one.block.element] += one.size
    wide, wide_held = _upwards(prose), _upwards(held)
    mass, found_mass = sum(prose.values()), sum(held.values())
    long = [at for at, one in enumerate(seen) if one.found != "no" and one.size >= PROSE and one.linked < 0.5]
    first, last = (long[0], long[-1]) if long else (None, None)
    wanted = folded(headline or "")
    found_box, prose_box = _deepest(wide_held, 0.85 * found_mass), _deepest(wide, 0.6 * mass)
    box = found_box if found_box is not None else prose_box
    shared = (box, *box.iterancestors()) if box is not None else ()
    return Scene(
        seen=seen,
        counts=Counter(one.folded for one in seen),
        kinds=Counter(one.kind for one in seen),
        kind_mass=kind_mass,
        most_of_a_kind=max(kind_mass.values(), default=1.0),
        box_mass=box_mass,
        most_of_a_box=max(box_mass.values(), default=1.0),
        wide_mass=wide,
        mass=mass,
        found_mass=found_mass,
        from_found=_outwards(found_box),
        from_prose=_outwards(prose_box),
        first=first,
        last=last,
        headline=wanted,
        headline_at=_headline_at(seen, wanted, first),
        said=f" {folded(said)} " if len(said) > 300 else "",
        places=dict.fromkeys(shared, Place()),
    )


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
        if (len(text) > 12 or dense) and f" {text} " in self.all:
            return "within"
        words = text.split()
        if len(words) < 9 or sum(word in self.words for word in words) < 0.75 * len(words):
            return "no"
        triples = [" ".join(words[at : at + 3]) for at in range(len(words) - 2)]
        return "partly" if sum(triple in self.all for triple in triples) > 0.6 * len(triples) else "no"


def _seen(block: Block, has: _Found) -> Seen:
    text, element = block.text, block.element
    dense = not text.isascii() and bool(DENSE.search(text))
    bare = folded(text)
    around = element.getparent()
    kind = (element.tag, element.get("class"), *((around.tag, around.get("class")) if around is not None else ()))
    size = len(text) * 2.5 if dense else float(len(text))
    found = has.has(bare, dense) if bare else "no"
    return Seen(block, bare, size, block.linked / len(text), found, kind)


def _place(element: HtmlElement, places: dict[HtmlElement, Place]) -> Place:
    chain: list[HtmlElement] = []
    step: HtmlElement | None = element
    while step is not None and step not in places and step.tag not in ("body", "html"):
        chain.append(step)
        step = step.getparent()
    place = places.get(step, Place()) if step is not None else Place()
    for step in reversed(chain):
        own = _names(" ".join(step.get(name) or "" for name in SAID_IN))
        if UNSEEN.search(step.get("style") or ""):
            own |= HIDDEN
        within = place.within | WITHIN_BITS.get(str(step.tag), 0)
        place = places[step] = Place(own, own | place.own, place.around | own, within)
    return place


@lru_cache(8192)
def _names(said: str) -> int:
    bits = 0
    for word in WORD.findall(said):
        bits |= _name(word.lower())
    return bits


@lru_cache(32768)
def _name(word: str) -> int:
    return sum(bit for bit, _, pattern in NAMED if pattern.search(word))


def _box(element: HtmlElement) -> HtmlElement:
    around = element.getparent()
    return around if element.tag in PARTS and around is not None else element


def _upwards(mass: dict[HtmlElement, float]) -> dict[HtmlElement, float]:
    """The mass of each element and all in it."""
    sums: defaultdict[HtmlElement, float] = defaultdict(float)
    for element, own in mass.items():
        sums[element] += own
        for around in element.iterancestors():
            sums[around] += own
    return sums


def _deepest(mass: dict[HtmlElement, float], least: float) -> HtmlElement | None:
    """The innermost element that holds that much."""
    holds = (element for element, held in mass.items() if least and held >= least)
    return max(holds, key=lambda element: sum(1 for _ in element.iterancestors()), default=None)


def _headline_at(seen: list[Seen], wanted: str, first: int | None) -> int | None:
    """Which block is the headline: the last heading before the text."""
    places = [at for at, one in enumerate(seen) if wanted and one.folded == wanted]
    headings = [at for at in places if seen[at].block.element.tag == "h1"] or places
    above = [at for at in headings if first is None or at <= first + 2]
    return above[-1] if above and first is not None else next(iter(headings), None)


# -- signs -----------------------------------------------------------------------------------------------------------


def _signs(scene: Scene, at: int) -> list[str]:
    one = scene.seen[at]
    held = "-" if one.found == "no" else "+"
    signs = ["any", f"found {one.found}", *_look(one), *_words(one), *_data(scene, one), *_where(scene, at, one)]
    place = _place(one.block.element, scene.places)
    signs += _named(place.near, place.around, place.within)
    signs += _neighbour(scene, one, at - 1, "before it") + _neighbour(scene, one, at + 1, "after it")
    return [sign + held for sign in signs]


def _step(value: float, edges: tuple[float, ...], names: tuple[str, ...]) -> str:
    return names[sum(value >= edge for edge in edges)]


def _look(one: Seen) -> Iterator[str]:
    tag = one.block.element.tag
    around = one.block.element.getparent()
    yield "size " + _step(one.size, SIZES, SIZE_NAMES)
    yield "linked " + _step(one.linked, LINKED, LINKED_NAMES)
    yield "in a " + (tag if tag in TAGS else "box")
    if around is not None:
        yield "in that a " + (around.tag if around.tag in TAGS else "box")


def _words(one: Seen) -> Iterator[str]:
    text = one.block.text
    first, last = text[0], text[-1]
    if last in '.!?”。…"»！？':
        yield "ends as a sentence"
    elif last in ":：":
        yield "ends in a colon"
    elif last in ",;-–—":
        yield "ends in a comma"
    else:
        yield "ends in a letter" if last.isalpha() else "ends in a digit" if last.isdigit() else "ends oddly"
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
    if RIGHTS_WITHIN.search(text):
        yield "rights"
    if READ_MORE.match(text):
        yield "read more"


def _data(scene: Scene, one: Seen) -> Iterator[str]:
    if scene.counts[one.folded] > 1:
        yield "twice, long" if len(one.block.text) > PROSE else "twice, short"
    if scene.said and one.folded:
        yield "the data have it" if f" {one.folded} " in scene.said else "the data lack it"
    if one.folded and one.folded == scene.headline:
        yield "the headline"


def _where(scene: Scene, at: int, one: Seen) -> Iterator[str]:
    element = one.block.element
    yield "kind " + _step(scene.kind_mass.get(one.kind, 0.0) / scene.most_of_a_kind, SHARES, SHARE_NAMES)
    if scene.kinds[one.kind] == 1:
        yield "kind of its own"
    yield "box " + _step(scene.box_mass.get(_box(element), 0.0) / scene.most_of_a_box, SHARES, SHARE_NAMES)
    around = element.getparent()
    wide = scene.wide_mass.get(around, 0.0) / scene.mass if around is not None and scene.mass else 0.0
    yield "wide box " + _step(wide, SHARES, SHARE_NAMES)
    yield _beside("text", scene.from_found, element)
    yield _beside("prose", scene.from_prose, element)
    yield _place_in_text(scene, at)
    yield _place_to_headline(scene, at)
    yield "found of the prose " + _step(scene.found_mass / scene.mass if scene.mass else 0.0, COVERS, COVER_NAMES)
    yield "found " + _step(scene.found_mass, MASSES, MASS_NAMES)


def _beside(what: str, steps: dict[HtmlElement, int], element: HtmlElement) -> str:
    """Whether an element is in the box of the text, or how many boxes further out."""
    if not steps:
        return f"no {what}"
    if element not in steps:
        steps[element] = next((steps[around] for around in element.iterancestors() if around in steps), 9)
    return f"{min(steps[element], 4)} boxes from the {what}" if steps[element] else f"in the {what}"


def _outwards(box: HtmlElement | None) -> dict[HtmlElement, int]:
    """A box and those around it, numbered from the inside."""
    return {} if box is None else {around: number for number, around in enumerate((box, *box.iterancestors()))}


def _place_in_text(scene: Scene, at: int) -> str:
    if scene.first is None or scene.last is None:
        return "no text found"
    if at < scene.first:
        return "above by " + _step(scene.first - at, STEPS, STEP_NAMES)
    return "amid" if at <= scene.last else "below by " + _step(at - scene.last, STEPS, STEP_NAMES)


def _place_to_headline(scene: Scene, at: int) -> str:
    if scene.headline_at is None:
        return "no headline"
    beyond = at - scene.headline_at
    return "above the headline" if beyond < 0 else "close below the headline" if beyond < 4 else "below the headline"


@lru_cache(4096)
def _named(near: int, around: int, within: int) -> tuple[str, ...]:
    names = [f"called {name}" if near & bit else f"in what is called {name}" for bit, name, _ in NAMED if around & bit]
    if around & ARTICLE_TEXT == ARTICLE_TEXT:
        names.append("called article text" if near & ARTICLE_TEXT == ARTICLE_TEXT else "in what is called article text")
    return (*names, *(f"within {tag}" for tag, bit in WITHIN_BITS.items() if within & bit))


def _neighbour(scene: Scene, one: Seen, at: int, where: str) -> list[str]:
    if not 0 <= at < len(scene.seen):
        return [f"nothing {where}"]
    other = scene.seen[at]
    signs = [
        f"{_step(other.size, SIZES, SIZE_NAMES)} {where}",
        f"linked {_step(other.linked, LINKED, LINKED_NAMES)} {where}",
    ]
    if other.found != "no":
        signs.append(f"found {where}")
    if other.kind == one.kind:
        signs.append(f"alike {where}")
    return signs
