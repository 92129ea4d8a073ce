"""The rules and templates of outlets as plain data, by host.

A rule is written by hand, a template is learnt; a page is read by both. They travel to the worker
processes with each page of their outlet. No selector is compiled here, and lxml is not imported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from archive.records import OutletTemplate

FIELD_KEYS = ("text", "headline", "byline", "date")
"""Keys whose selectors give a field. Where they match nothing, the general reader decides."""
MARK_KEYS = ("drop", "keep", "paywall")
"""Keys whose selectors mark parts that many pages do not have."""
SELECTOR_KEYS = (*FIELD_KEYS, *MARK_KEYS)
SINGLE_KEYS = ("delay", "since", "render")
"""Keys with one value that is not a selector."""
RULE_KEYS = (*SELECTOR_KEYS, *SINGLE_KEYS)


@dataclass(frozen=True, slots=True)
class OutletRule:
    """The rules for the pages of a host and its subdomains."""

    host: str
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The selectors of each of `SELECTOR_KEYS`, as written."""
    delay: float | None = None
    """Seconds between two requests to the host."""
    since: str | None = None
    """Day or age, as written; older entries of sitemaps are skipped."""
    render: bool = False
    """True if the pages need a browser."""
    template: OutletTemplate | None = None
    """Where the articles of the outlet stand, as learnt from its pages."""
    learns: bool = False
    """True if pages are to be outlined, so that the template can be learnt."""

    @property
    def reads(self) -> bool:
        """True if a selector takes part in reading a page."""
        return any(self.selectors.values())

    @property
    def digest(self) -> str:
        """Eight letters that change with the selectors."""
        content = json.dumps({key: self.selectors.get(key, ()) for key in SELECTOR_KEYS})
        return hashlib.sha256(content.encode()).hexdigest()[:8]


ANY_OUTLET = OutletRule("")
"""The rule of an outlet for which none is written."""


class LearntTemplates(Protocol):
    """The templates of outlets that are known so far."""

    def template_for(self, url: str) -> OutletTemplate | None:
        """Return the template of the outlet of a URL; may be called in any thread."""
        ...


@dataclass(frozen=True, slots=True)
class OutletRules:
    """The rules of all outlets, and their templates."""

    by_host: Mapping[str, OutletRule] = field(default_factory=dict)
    for_any_page: OutletRule | None = None
    """The rule for pages whose host is unknown, such as saved pages."""
    templates: LearntTemplates | None = None
    """The templates to read by and to learn; None to do neither."""

    def __bool__(self) -> bool:
        return bool(self.by_host) or self.templates is not None

    def rule_for(self, url: str) -> OutletRule | None:
        """Return the rule for a URL: that of its host, or of the nearest domain above."""
        if not self.by_host:
            return None
        host = host_of_url(url)
        if not host:
            return self.for_any_page
        return next((self.by_host[name] for name in _domains(host) if name in self.by_host), None)

    def reading_rule_for(self, *urls: str | None) -> OutletRule | None:
        """Return what is known for reading a page of these URLs: selectors, a template, or None.

        The first URL decides that has a rule with selectors, or a template.
        """
        known = [url for url in urls if url]
        rules = (self.rule_for(url) for url in known) if self.by_host else iter(())
        rule = next((rule for rule in rules if rule and rule.reads), None)
        if self.templates is None:
            return rule
        learnt = map(self.templates.template_for, known)
        template = next((each for each in learnt if each), None)
        return replace(rule or ANY_OUTLET, template=template, learns=True)

    def without(self, *keys: str) -> OutletRules:
        """Return the rules without the values of some of `SINGLE_KEYS`."""
        cleared: dict[str, Any] = dict.fromkeys(keys)
        return replace(
            self, by_host={host: replace(rule, **cleared) for host, rule in self.by_host.items()}
        )


NO_OUTLET_RULES = OutletRules()


def host_of_url(url: str) -> str:
    """Return the host of an http URL in lower case; empty for any other text."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip(".") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _domains(host: str) -> Iterator[str]:
    """Yield a host and the domains above it: `a.b.example`, `b.example`, `example`."""
    while host:
        yield host
        host = host.partition(".")[2]
