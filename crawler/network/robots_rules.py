"""What a robots.txt says to some crawlers: its rules for them alone, read and asked in time that
grows with its length.

A file may name fourteen thousand crawlers and eighteen thousand rules; only the groups that speak
to us are kept, each rule once. Whether an address is allowed is looked up among the plain rules,
however many, and tried against `MOST_WILD` of those with a `*`; further ones are read strictly: up
to their first `*`, and none of them allows anything. The sitemaps that it names are those of the
whole site. Pure: bytes in, rules out (RFC 9309, and how most files are misspelt).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

MOST_BYTES = 500 * 1024
"""That are read of a robots.txt (RFC 9309, 2.5)."""
MOST_WILD = 1_000
"""Rules with a `*` inside that are tried one by one; the largest news sites have some hundred."""
RULE_BYTES = 150
"""What a rule takes in memory beside its text."""

_FIELDS = {
    "agent": ("user-agent", "useragent", "user agent"),
    "allow": ("allow",),
    "disallow": ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"),
    "delay": ("crawl-delay", "crawl delay"),
    "sitemap": ("sitemap", "sitemaps", "site-map"),
    "host": ("host",),
}
FIELDS = {spelling: name for name, spellings in _FIELDS.items() for spelling in spellings}
"""What a line says, by how it is written."""
OF_THE_SITE = ("sitemap", "host")
"""Lines that speak of the whole site, wherever they stand, and belong to no group."""
PLAIN = re.compile(r"[A-Za-z0-9_.~/=-]*")
"""What percent-encoding leaves alone."""
KEPT = re.compile(r"(%2[Ff]|%25|%2[Aa])")
"""Escapes that mean something else than the character: a slash, a percent sign, an asterisk."""
_VERSION = re.compile(r"/|\(|\sv?\d")
"""Where the version or a note begins behind a crawler's name."""
INDEX = "/index.html"

Rule = tuple[str, bool]
"""A pattern as the file has it, and whether it allows."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rules for one crawler. Patterns are spelled as `spelled` does."""

    plain: dict[str, bool] = field(default_factory=dict)
    """Beginnings of paths → whether they are allowed."""
    whole: dict[str, bool] = field(default_factory=dict)
    """Paths in full (`/x$`)."""
    wild: tuple[tuple[int, bool, tuple[str, ...], bool], ...] = ()
    """Length, whether it allows, the parts between asterisks, whether it ends there (`$`); those
    that win first."""
    strict: frozenset[str] = frozenset()
    """Beginnings of paths that are forbidden whatever else is said."""
    delay: float | None = None

    def allows(self, path: str) -> bool:
        """Whether a path with its query, as `spelled` spells it, may be fetched: the longest rule
        that fits counts."""
        if any(found for found in _beginnings(path, self.strict)):
            return False
        best = max(
            ((len(found), self.plain[found]) for found in _beginnings(path, self.plain)), default=(0, True)
        )  # fmt: skip
        if path in self.whole:
            best = max(best, (len(path) + 1, self.whole[path]))
        for length, allowed, parts, ends in self.wild:
            if length < best[0]:
                break
            if _fits(path, parts, ends):
                best = max(best, (length, allowed))
                break
        return best[1]

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        texts = [
            *self.plain,
            *self.whole,
            *self.strict,
            *(part for _, _, parts, _ in self.wild for part in parts),
        ]
        return sum(map(len, texts)) + RULE_BYTES * (1 + len(texts))


EVERYTHING = Group()


@dataclass(frozen=True, slots=True)
class Groups:
    """What a robots.txt says to each of some crawlers, by their product tokens in lower case."""

    of: dict[str, Group] = field(default_factory=dict)

    def group(self, agent: str) -> Group:
        """A crawler that was not asked about is allowed everything."""
        return self.of.get(agent.lower(), EVERYTHING)

    @property
    def size(self) -> int:
        """About how many bytes of memory they take; crawlers may share a group."""
        return RULE_BYTES + sum(
            group.size for group in {id(group): group for group in self.of.values()}.values()
        )


def read_groups(body: bytes, agents: Iterable[str]) -> Groups:
    """What a robots.txt says to crawlers of these product tokens."""
    lines = list(_lines(robots_text(body)))
    tokens = [agent.lower() for agent in agents]
    named = {agent for name, value in lines if name == "agent" for agent in _agents(value)}
    best = {token: _best(token, named) for token in tokens}
    wanted = set(best.values()) - {None}
    rules, delays = _collected(lines, wanted)
    groups = {agent: _group(rules[agent], delays.get(agent)) for agent in rules}
    return Groups({token: groups[agent] for token, agent in best.items() if agent is not None})


def named_sitemaps(body: bytes) -> list[str]:
    """The sitemaps that a robots.txt names, as they are written there."""
    return [value for name, value in _lines(robots_text(body)) if name == "sitemap"]


def robots_text(body: bytes) -> str:
    """The first 500 KiB, to the end of a line: half a rule may forbid more than the whole one."""
    if len(body) > MOST_BYTES:
        body = body[:MOST_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[2:].decode(encoding, "replace")
    return body.decode("utf-8-sig", "replace")


# -- lines and groups ------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """What each line is (a name of `_FIELDS`, or `other`) and says; lines that say nothing are left
    out."""
    for raw in text.replace("\0", "").splitlines():
        line = raw.partition("#")[0].strip()
        name, colon, value = line.partition(":")
        known = FIELDS.get(name.strip().lower())
        if known:
            yield known, value.strip()
        elif colon and (not value or value[0].isspace()):
            yield "other", value.strip()
        elif line and (found := _without_colon(line)):
            yield found
        elif colon:
            yield "other", value.strip()


def _without_colon(line: str) -> tuple[str, str] | None:
    """`Disallow /x`"""
    words = line.split(None, 2)
    for many in (1, 2):
        if known := FIELDS.get(" ".join(words[:many]).lower()):
            return known, " ".join(line.split(None, many)[many:])
    return None


def _agents(value: str) -> Iterator[str]:
    """The crawlers that a line names: `Name/1.0 (…)` is Name of any version; asterisks within a
    name say nothing."""
    name = _VERSION.split(value.lower(), maxsplit=1)[0].strip()
    for agent in {name, name if name == "*" else name.replace("*", "")}:
        if agent:
            yield agent


def _best(token: str, named: set[str]) -> str | None:
    """The longest of the names that a crawler goes by, else `*`; None if the file speaks to it in
    no group."""
    beginnings = (token[:length] for length in range(len(token), 0, -1))
    return next((agent for agent in (*beginnings, "*") if agent in named), None)


def _collected(
    lines: Sequence[tuple[str, str]], wanted: set[str | None]
) -> tuple[dict[str, dict[Rule, None]], dict[str, float]]:
    """The rules, each once, and the delay of the crawlers that are wanted."""
    rules: dict[str, dict[Rule, None]] = {agent: {} for agent in wanted if agent is not None}
    delays: dict[str, float] = {}
    current: set[str] = set()
    before = "agent"
    for name, value in lines:
        if name in OF_THE_SITE:
            continue
        if name == "agent" and before != "agent":
            current = set()
        before = name
        if name == "agent":
            current.update(agent for agent in _agents(value) if agent in rules)
        elif name in ("allow", "disallow") and value:
            for agent in current:
                rules[agent][value, name == "allow"] = None
        elif name == "delay" and current and (delay := _seconds(value)) is not None:
            delays.update(dict.fromkeys(current, delay))
    return rules, delays


def _seconds(value: str) -> float | None:
    try:
        delay = float(value)
    except ValueError:
        return None
    return delay if math.isfinite(delay) and delay >= 0 else None


# -- rules -----------------------------------------------------------------------------------------


def _group(rules: Iterable[Rule], delay: float | None) -> Group:
    plain: dict[str, bool] = {}
    whole: dict[str, bool] = {}
    wild: list[tuple[int, bool, tuple[str, ...], bool]] = []
    for pattern, allowed in _patterns(rules):
        if "*" in pattern:
            ends = pattern.endswith("$")
            parts = tuple(re.sub(r"\*+", "*", pattern.removesuffix("$")).split("*"))
            wild.append((len(pattern), allowed, parts, ends))
        elif pattern.endswith("$"):
            whole[pattern[:-1]] = whole.get(pattern[:-1], False) or allowed
        else:
            plain[pattern] = plain.get(pattern, False) or allowed
    strict = frozenset(parts[0] or "/" for _, allowed, parts, _ in wild[MOST_WILD:] if not allowed)
    tried = sorted(wild[:MOST_WILD], key=lambda rule: rule[:2], reverse=True)
    return Group(plain, whole, tuple(tried), strict, delay)


def _patterns(rules: Iterable[Rule]) -> Iterator[Rule]:
    """The patterns as they are compared. A `$` at the end may mean that, or itself; `/index.html`
    means `/` too."""
    for value, allowed in rules:
        anchored = value.endswith("$")
        pattern = spelled(value.removesuffix("$"), "*")
        if pattern or anchored:
            yield pattern + "$" * anchored, allowed
        if "$" in value:
            yield spelled(value.replace("$", "%24"), "*"), allowed
        if allowed and pattern.endswith(INDEX):
            yield pattern.removesuffix(INDEX[1:]) + "$", True


def path_of(url: str) -> str:
    """Path and query of an address, as rules are compared with them."""
    parts = urlsplit(url.partition("#")[0])
    path = spelled(parts.path + ("?" + parts.query if "?" in url else ""))
    return path if path.startswith("/") else f"/{path}"


def spelled(text: str, safe: str = "") -> str:
    """A path or pattern in the one spelling in which two that mean the same are equal."""
    if PLAIN.fullmatch(text):
        return text
    pieces = KEPT.split(text)
    pieces[::2] = [quote(unquote(piece), safe="/%=" + safe) for piece in pieces[::2]]
    return "".join(piece.upper() if place % 2 else piece for place, piece in enumerate(pieces))


def _beginnings(path: str, among: dict[str, bool] | frozenset[str]) -> Iterator[str]:
    """Those of the patterns that the path begins with, the longest first."""
    if among:
        lengths = (
            range(min(len(path), max(map(len, among))), 0, -1)
            if len(among) < 64
            else range(len(path), 0, -1)
        )
        yield from (path[:length] for length in lengths if path[:length] in among)


def _fits(path: str, parts: tuple[str, ...], ends: bool) -> bool:
    """Whether a path has all parts in their order, the first at its beginning and, if it ends
    there, the last so."""
    if not path.startswith(parts[0]):
        return False
    place = len(parts[0])
    for part in parts[1:-1]:
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    last = parts[-1]
    if ends:
        return len(path) - len(last) >= place and path.endswith(last)
    return path.find(last, place) >= 0
