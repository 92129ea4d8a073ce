"""The templates of outlets that pages are read by: those of an archive, or those of a batch of pages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from archive.frontier.outlet_templates import (
    TemplateEvidence,
    TemplatePolicy,
    template_of_json,
    template_row_of_host,
)
from archive.frontier.urls import outlet_host_of_url
from archive.records import OutletTemplate, OutlineElement
from archive.storage.database import BUSY_TIMEOUT_SECONDS, read_only_uri
from crawler.extraction.rules.outlet_rules import OutletRules

MIN_PAGES_BEHIND = 64
"""Pages of a batch: a page is read by what the pages this far before it have taught, however many
workers there are."""

_parsed_template = lru_cache(maxsize=2_048)(template_of_json)


class ArchiveTemplates:
    """The templates that an archive has learnt, as they are when they are asked for."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(
            read_only_uri(path),
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        self._lock = threading.Lock()

    def template_for(self, url: str) -> OutletTemplate | None:
        """Return the template of the outlet of a URL; None if none is known or can be read."""
        try:
            host = outlet_host_of_url(url)
        except ValueError:
            return None
        if not host:
            return None
        try:
            with self._lock:
                row = template_row_of_host(self._db, host)
        except (
            sqlite3.Error
        ):  # the page is read whole; whoever writes it reports the archive's fault
            return None
        return _parsed_template(row[1]) if row else None

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


@dataclass(frozen=True)
class TemplateForAnyUrl:
    """The template for one page, whatever URL it turns out to have."""

    template: OutletTemplate | None

    def template_for(self, url: str) -> OutletTemplate | None:  # noqa: ARG002  of a protocol
        """Return the template."""
        return self.template


@contextmanager
def rules_with_templates(rules: OutletRules, folder: Path) -> Iterator[OutletRules]:
    """Yield the rules of outlets together with the templates in the archive of a folder."""
    templates = ArchiveTemplates(folder / "archive.db")
    try:
        yield replace(rules, templates=templates)
    finally:
        templates.close()


@dataclass
class _BatchOutlet:
    """The evidence of a batch for one outlet, and its templates with the pages they count from."""

    evidence: TemplateEvidence = field(default_factory=TemplateEvidence)
    templates: list[tuple[int, OutletTemplate]] = field(default_factory=list)


class BatchTemplates:
    """The templates that a batch of numbered pages teaches, in the order of the pages."""

    def __init__(self, policy: TemplatePolicy, behind: int = MIN_PAGES_BEHIND) -> None:
        self._policy, self._behind = policy, behind
        self._outlets: dict[str, _BatchOutlet] = {}

    def learn(self, number: int, host: str, outline: tuple[OutlineElement, ...]) -> None:
        """Learn from a page of an outlet; called in the order of the numbers."""
        if not outline:
            return
        known = self._outlets.setdefault(host, _BatchOutlet())
        in_force = known.templates[-1][1] if known.templates else None
        known.evidence = self._policy.learn(known.evidence, outline)
        template = self._policy.decide(known.evidence, in_force)
        if template is not None and template is not in_force:
            known.templates.append((number + self._behind, template))

    def newest(self, host: str) -> OutletTemplate | None:
        """Return the template of an outlet after all pages that were learnt from."""
        known = self._outlets.get(host)
        return known.templates[-1][1] if known and known.templates else None

    def template_at(self, number: int, host: str) -> OutletTemplate | None:
        """Return the template of an outlet for the page of a number."""
        known = self._outlets.get(host)
        if known is None:
            return None
        in_force = (template for since, template in reversed(known.templates) if since <= number)
        return next(in_force, None)
