"""Stage 300, identity: by which addresses an article is known, and by which fingerprint its text.

Whether one of them leads to an article that is kept already is known where it is kept
(`archive.articles.store`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from archive.errors import UsageError
from archive.records import Address, Article, Check, Lead, Source
from pipelines.text.fingerprint import fingerprint
from pipelines.urls import (
    declared_identity,
    declared_key,
    out_of_wrappers,
    registered_domain,
    request_url,
    url_key,
)


def file_lead(lead: Lead) -> Lead:
    """The lead with its address as it will be fetched, and its key. Raises UsageError for an
    address that is none."""
    url, named = request_url(lead.url), out_of_wrappers(lead.url)
    listed_as = lead.listed_as or (named if named != url else None)
    return replace(lead, url=url, url_key=url_key(url), listed_as=listed_as)


def file_source(source: Source) -> Source:
    """As `file_lead`."""
    url = request_url(source.url)
    return replace(source, url=url, url_key=url_key(url))


def identify(check: Check) -> Check:
    """The check with keys for its URL and its leads, and if it read an article with its addresses
    and fingerprint."""
    leads = tuple(replace(lead, url_key=url_key(lead.url)) for lead in check.leads)
    check = replace(check, url_key=url_key(check.url), leads=leads)
    if check.article is None:
        return check
    article = replace(check.article, url=request_url(check.final_url or check.url))
    addresses = dict.fromkeys([*_asked(check), *_declared(article)])
    first_roles = {address.url: address for address in reversed(addresses)}
    kept = tuple(address for address in addresses if first_roles[address.url] == address)
    declares = declared_key(article.url, article.canonical_url, article.addresses)
    return replace(
        check,
        article=article,
        addresses=kept,
        declared_key=declares,
        fingerprint=fingerprint(article.text),
    )


def _asked(check: Check) -> Iterator[Address]:
    """Where the page stood, and how the way led there; a way from another domain proves nothing
    about the page."""
    final = request_url(check.final_url or check.url)
    yield Address(final, url_key(final), "redirect" if check.final_url else "requested")
    hops = check.capture.redirects if check.capture else ()
    for hop in (check.url, *hops):
        # what cannot be asked for again, as an address that is too long, leads nowhere
        with suppress(UsageError):
            role = "redirect" if registered_domain(hop) == registered_domain(final) else "elsewhere"
            yield Address(hop, url_key(request_url(hop)), role)
    if check.lead and check.lead.listed_as:
        yield Address(check.lead.listed_as, url_key(check.url), "listed")


def _declared(article: Article) -> Iterator[Address]:
    """The addresses that the page gives itself, as far as they can be its own."""
    identity = declared_identity(article.url, article.canonical_url, article.addresses)
    own = {identity.key, *identity.also}
    named = {"canonical": article.canonical_url, **article.addresses}
    for role, url in named.items():
        try:
            filed = request_url(url) if url else None
        except UsageError:
            continue
        if filed and url_key(filed) in own:
            yield Address(filed, url_key(filed), role)


class IdentityPipeline:
    """Scrapy's side of it."""

    def process_item(self, item: Any) -> Any:
        return identify(item) if isinstance(item, Check) else item
