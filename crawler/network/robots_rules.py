"""Parser and matcher of robots.txt (RFC 9309), in time that grows with the length of the file.

A file may name fourteen thousand crawlers and eighteen thousand rules. Only the groups that apply
to the requested crawlers are stored, each rule once. A path is looked up among the plain rules,
whatever their number, and compared with up to `MAX_WILDCARD_RULES` rules that contain a `*`. Rules
beyond that number are read strictly: a Disallow applies up to its first `*`, an Allow is dropped.
Sitemap lines belong to the whole site. Common misspellings of the fields are understood. Pure:
bytes in, rules out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

MAX_ROBOTS_BYTES = 500 * 1024
"""Bytes of a robots.txt that are read (RFC 9309, 2.5)."""
MAX_WILDCARD_RULES = 1_000
"""Rules with a `*` inside that are compared one by one; the largest news sites have hundreds."""
BYTES_PER_RULE = 150
"""Memory of a rule in bytes, besides its text."""

_ROBOTS_FIELD_SPELLINGS = {
    "agent": ("user-agent", "useragent", "user agent"),
    "allow": ("allow",),
    "disallow": ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"),
    "delay": ("crawl-delay", "crawl delay"),
    "sitemap": ("sitemap", "sitemaps", "site-map"),
    "host": ("host",),
}
ROBOTS_FIELD_OF_SPELLING = {
    spelling: name for name, spellings in _ROBOTS_FIELD_SPELLINGS.items() for spelling in spellings
}
"""The field of a line by its spelling in lower case."""
SITE_WIDE_FIELDS = ("sitemap", "host")
"""Fields that apply to the whole site, wherever they stand, and belong to no group."""
UNESCAPED_PATH = re.compile(r"[A-Za-z0-9_.~/=-]*")
"""A path without any character that percent-encoding changes."""
MEANINGFUL_ESCAPES = re.compile(r"(%2[Ff]|%25|%2[Aa])")
"""Escapes that differ in meaning from the character itself: slash, percent sign, asterisk."""
_AGENT_VERSION = re.compile(r"/|\(|\sv?\d")
"""The start of the version or the comment after the name of a crawler."""
INDEX_PAGE = "/index.html"

PathRule = tuple[str, bool]
"""A pattern as the file spells it, and whether it allows."""

WildcardRule = tuple[int, bool, tuple[str, ...], bool]
"""The length of a pattern with a `*`, whether it allows, its parts between the asterisks, and
whether it ends there (`$`)."""


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The rules for one crawler; their patterns are normalised by `normalize_robots_path`."""

    plain: dict[str, bool] = field(default_factory=dict)
    """Path prefixes → whether they are allowed."""
    whole: dict[str, bool] = field(default_factory=dict)
    """Complete paths (`/x$`) → whether they are allowed."""
    wild: tuple[WildcardRule, ...] = ()
    """Rules with a `*`; the rules that win stand first."""
    strict: frozenset[str] = frozenset()
    """Path prefixes that are forbidden regardless of all other rules."""
    delay: float | None = None

    def allows(self, path: str) -> bool:
        """Return whether a path with its query, normalised by `normalize_robots_path`, may be
        fetched.

        The longest matching rule decides; of two equally long rules the one that allows.
        """
        if any(found for found in _matching_prefixes(path, self.strict)):
            return False
        plain = ((len(found), self.plain[found]) for found in _matching_prefixes(path, self.plain))
        best = max(plain, default=(0, True))
        if path in self.whole:
            best = max(best, (len(path) + 1, self.whole[path]))
        for length, allowed, parts, ends in self.wild:
            if length < best[0]:
                break
            if _matches_wildcard(path, parts, ends):
                best = max(best, (length, allowed))
                break
        return best[1]

    @property
    def size(self) -> int:
        """The approximate size in bytes of the rules in memory."""
        wild_parts = [part for _, _, parts, _ in self.wild for part in parts]
        texts = [*self.plain, *self.whole, *self.strict, *wild_parts]
        return sum(map(len, texts)) + BYTES_PER_RULE * (1 + len(texts))


ALLOW_EVERYTHING = RuleGroup()


@dataclass(frozen=True, slots=True)
class RobotsGroups:
    """The rules of a robots.txt for some crawlers, by their product tokens in lower case."""

    of: dict[str, RuleGroup] = field(default_factory=dict)

    def group(self, agent: str) -> RuleGroup:
        """Return the rules for a crawler; a crawler that was not asked for may fetch everything."""
        return self.of.get(agent.lower(), ALLOW_EVERYTHING)

    @property
    def size(self) -> int:
        """The approximate size in bytes in memory; crawlers may share a group."""
        distinct = {id(group): group for group in self.of.values()}
        return BYTES_PER_RULE + sum(group.size for group in distinct.values())


def parse_robots_groups(body: bytes, agents: Iterable[str]) -> RobotsGroups:
    """Return the rules that a robots.txt has for crawlers of these product tokens."""
    lines = list(_robots_lines(decode_robots_text(body)))
    tokens = [agent.lower() for agent in agents]
    named = {agent for name, value in lines if name == "agent" for agent in _agent_names(value)}
    best = {token: _best_agent_match(token, named) for token in tokens}
    wanted = set(best.values()) - {None}
    rules, delays = _collect_rules(lines, wanted)
    groups = {agent: _build_group(rules[agent], delays.get(agent)) for agent in rules}
    return RobotsGroups(
        {token: groups[agent] for token, agent in best.items() if agent is not None}
    )


def sitemaps_in_robots(body: bytes) -> list[str]:
    """Return the sitemap URLs in a robots.txt as they are written there."""
    return [value for name, value in _robots_lines(decode_robots_text(body)) if name == "sitemap"]


def decode_robots_text(body: bytes) -> str:
    """Decode the first 500 KiB of a robots.txt, up to the end of a line.

    Half a rule may forbid more than the whole one, so the last incomplete line is dropped.
    """
    if len(body) > MAX_ROBOTS_BYTES:
        body = body[:MAX_ROBOTS_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[2:].decode(encoding, "replace")
    return body.decode("utf-8-sig", "replace")


# -- lines and groups ------------------------------------------------------------------------------


def _robots_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield the field (a name of `_ROBOTS_FIELD_SPELLINGS`, or `other`) and the value of each line
    that has one."""
    for raw in text.replace("\0", "").splitlines():
        found = _field_of_robots_line(raw.partition("#")[0].strip())
        if found:
            yield found


def _field_of_robots_line(line: str) -> tuple[str, str] | None:
    """Return the field and the value of a line without its comment, or None."""
    if not line:
        return None
    name, colon, value = line.partition(":")
    known = ROBOTS_FIELD_OF_SPELLING.get(name.strip().lower())
    if known:
        return known, value.strip()
    other = ("other", value.strip()) if colon else None
    if colon and (not value or value[0].isspace()):
        return other
    # the colon may belong to a URL behind a field without a colon
    return _field_without_colon(line) or other


def _field_without_colon(line: str) -> tuple[str, str] | None:
    """Return the field and the value of a line without a colon, as `Disallow /x`."""
    words = line.split(None, 2)
    for many in (1, 2):
        if known := ROBOTS_FIELD_OF_SPELLING.get(" ".join(words[:many]).lower()):
            return known, " ".join(line.split(None, many)[many:])
    return None


def _agent_names(value: str) -> Iterator[str]:
    """Yield the crawler names in the value of a User-agent line.

    `Name/1.0 (…)` is Name of any version; asterisks inside a name have no meaning.
    """
    name = _AGENT_VERSION.split(value.lower(), maxsplit=1)[0].strip()
    without_asterisks = name if name == "*" else name.replace("*", "")
    for agent in {name, without_asterisks}:
        if agent:
            yield agent


def _best_agent_match(token: str, named: set[str]) -> str | None:
    """Return the longest name in the file that matches a crawler, else `*`.

    None when the file has no group for the crawler.
    """
    beginnings = (token[:length] for length in range(len(token), 0, -1))
    return next((agent for agent in (*beginnings, "*") if agent in named), None)


def _collect_rules(
    lines: Sequence[tuple[str, str]], wanted: set[str | None]
) -> tuple[dict[str, dict[PathRule, None]], dict[str, float]]:
    """Collect the rules, each once, and the crawl delays in seconds of the wanted crawlers."""
    rules: dict[str, dict[PathRule, None]] = {agent: {} for agent in wanted if agent is not None}
    delays: dict[str, float] = {}
    for named, fields in _groups_of_lines(lines):
        agents = [agent for agent in named if agent in rules]
        if not agents:
            continue
        for name, value in fields:
            if name == "delay":
                delay = _crawl_delay_seconds(value)
                if delay is not None:
                    delays.update(dict.fromkeys(agents, delay))
            elif name in ("allow", "disallow") and value:
                for agent in agents:
                    rules[agent][value, name == "allow"] = None
    return rules, delays


def _groups_of_lines(
    lines: Iterable[tuple[str, str]],
) -> Iterator[tuple[set[str], list[tuple[str, str]]]]:
    """Yield the crawlers that consecutive User-agent lines name, and the fields that follow."""
    agents: set[str] = set()
    fields: list[tuple[str, str]] = []
    for name, value in lines:
        if name in SITE_WIDE_FIELDS:
            continue
        if name != "agent":
            fields.append((name, value))
            continue
        if fields:
            yield agents, fields
            agents, fields = set(), []
        agents.update(_agent_names(value))
    yield agents, fields


def _crawl_delay_seconds(value: str) -> float | None:
    """Parse the value of a Crawl-delay line; None unless it is a finite, non-negative number."""
    try:
        delay = float(value)
    except ValueError:
        return None
    return delay if math.isfinite(delay) and delay >= 0 else None


# -- rules -----------------------------------------------------------------------------------------


def _build_group(rules: Iterable[PathRule], delay: float | None) -> RuleGroup:
    """Build a group from its rules."""
    plain: dict[str, bool] = {}
    whole: dict[str, bool] = {}
    wild: list[WildcardRule] = []
    for pattern, allowed in _compared_patterns(rules):
        path = pattern.removesuffix("$")
        ends = path != pattern
        if "*" in pattern:
            parts = tuple(re.sub(r"\*+", "*", path).split("*"))
            wild.append((len(pattern), allowed, parts, ends))
        else:
            exact = whole if ends else plain
            exact[path] = exact.get(path, False) or allowed
    strict = frozenset(
        parts[0] or "/" for _, allowed, parts, _ in wild[MAX_WILDCARD_RULES:] if not allowed
    )
    tried = sorted(wild[:MAX_WILDCARD_RULES], key=lambda rule: rule[:2], reverse=True)
    return RuleGroup(plain, whole, tuple(tried), strict, delay)


def _compared_patterns(rules: Iterable[PathRule]) -> Iterator[PathRule]:
    """Yield the patterns in the form in which paths are compared with them.

    A `$` at the end is an anchor or the character itself, so both forms are yielded;
    `/index.html` also stands for `/`.
    """
    for value, allowed in rules:
        anchored = value.endswith("$")
        pattern = normalize_robots_path(value.removesuffix("$"), "*")
        if pattern or anchored:
            yield pattern + "$" * anchored, allowed
        if "$" in value:
            yield normalize_robots_path(value.replace("$", "%24"), "*"), allowed
        if allowed and pattern.endswith(INDEX_PAGE):
            yield pattern.removesuffix(INDEX_PAGE[1:]) + "$", True


def robots_path(url: str) -> str:
    """Return the path and query of a URL, normalised for the comparison with rules."""
    parts = urlsplit(url.partition("#")[0])
    path = normalize_robots_path(parts.path + ("?" + parts.query if "?" in url else ""))
    return path if path.startswith("/") else f"/{path}"


def normalize_robots_path(text: str, safe: str = "") -> str:
    """Return a path or pattern in its normal form, so that two of equal meaning are equal."""
    if UNESCAPED_PATH.fullmatch(text):
        return text
    pieces = MEANINGFUL_ESCAPES.split(text)
    pieces[::2] = [quote(unquote(piece), safe="/%=" + safe) for piece in pieces[::2]]
    return "".join(piece.upper() if place % 2 else piece for place, piece in enumerate(pieces))


def _matching_prefixes(path: str, among: dict[str, bool] | frozenset[str]) -> Iterator[str]:
    """Yield the prefixes of the path that are in `among`, the longest first."""
    if not among:
        return
    longest = len(path)
    if len(among) < 64:  # with more prefixes, finding the longest costs more than it saves
        longest = min(longest, max(map(len, among)))
    for length in range(longest, 0, -1):
        if path[:length] in among:
            yield path[:length]


def _matches_wildcard(path: str, parts: tuple[str, ...], ends: bool) -> bool:
    """Return whether a path contains all parts in their order, the first at its start.

    With `ends`, the last part has to stand at the end of the path.
    """
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
