"""Stage 300, identity: compute the URL keys of an article and the fingerprint of its text.

`archive.articles.store` looks up whether one of the keys leads to a stored article.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from archive.errors import UsageError
from archive.records import Article, ArticleUrl, Check, Lead, Source
from pipelines.text.fingerprint import text_fingerprint
from pipelines.urls import (
    declared_identity,
    declared_key,
    registered_domain,
    request_url,
    unwrap_url,
    url_key,
)


def identify_lead(lead: Lead) -> Lead:
    """Return the lead with the URL to fetch and its key. Raises UsageError for an invalid URL."""
    url, named = request_url(lead.url), unwrap_url(lead.url)
    listed_as = lead.listed_as or (named if named != url else None)
    return replace(lead, url=url, url_key=url_key(url), listed_as=listed_as)


def identify_source(source: Source) -> Source:
    """Return the source with the URL to fetch and its key. Raises UsageError for an invalid URL."""
    url = request_url(source.url)
    return replace(source, url=url, url_key=url_key(url))


def identify_check(check: Check) -> Check:
    """Return the check with the keys of its URL and leads, and the identity of its article, if any.

    The identity of an article is its addresses, the key that the page declares and the fingerprint.
    """
    leads = tuple(replace(lead, url_key=url_key(lead.url)) for lead in check.leads)
    check = replace(check, url_key=url_key(check.url), leads=leads)
    if check.article is None:
        return check
    article = replace(check.article, url=request_url(check.final_url or check.url))
    addresses = dict.fromkeys([*_addresses_on_the_way(check), *_addresses_declared(article)])
    first_roles = {address.url: address for address in reversed(addresses)}
    kept = tuple(address for address in addresses if first_roles[address.url] == address)
    declares = declared_key(article.url, article.canonical_url, article.addresses)
    return replace(
        check,
        article=article,
        addresses=kept,
        declared_key=declares,
        fingerprint=text_fingerprint(article.text),
    )


def _addresses_on_the_way(check: Check) -> Iterator[ArticleUrl]:
    """Yield the URL at which the page stood, and the URLs that led to it.

    A redirect from another domain has the role `elsewhere`: it proves nothing about the page.
    """
    final = request_url(check.final_url or check.url)
    domain = registered_domain(final)
    yield ArticleUrl(final, url_key(final), "redirect" if check.final_url else "requested")
    hops = check.capture.redirects if check.capture else ()
    for hop in (check.url, *hops):
        # a URL that cannot be fetched again, for example a too long one, identifies nothing
        with suppress(UsageError):
            role = "redirect" if registered_domain(hop) == domain else "elsewhere"
            yield ArticleUrl(hop, url_key(request_url(hop)), role)
    if check.lead and check.lead.listed_as:
        yield ArticleUrl(check.lead.listed_as, url_key(check.url), "listed")


def _addresses_declared(article: Article) -> Iterator[ArticleUrl]:
    """Yield the URLs that the page declares for itself, where `declared_identity` accepts them."""
    identity = declared_identity(article.url, article.canonical_url, article.addresses)
    own = {identity.key, *identity.also}
    named = {"canonical": article.canonical_url, **article.addresses}
    for role, url in named.items():
        try:
            filed = request_url(url) if url else None
        except UsageError:
            continue
        if filed and url_key(filed) in own:
            yield ArticleUrl(filed, url_key(filed), role)


class IdentityPipeline:
    """Scrapy's item pipeline for this stage."""

    def process_item(self, item: Any) -> Any:
        """Identify checks; pass other items through."""
        return identify_check(item) if isinstance(item, Check) else item
