"""GDELT DOC 2.0: articles of the last months in 65 languages, up to 250 in an answer.

Source: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/, and reports of its users about
refused queries. The service asks for five seconds between requests. Under load it answers 429,
or a line of text with status 200; it rejects too short words with such a line as well. A window
with a full answer is asked for again in two halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from archive.records import Lead
from archive.text.unspaced import UNSPACED_RUN
from crawler.dates.date_parser import parse_source_date
from crawler.services.broken_json import repair_gdelt_json
from crawler.services.search_service import (
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    first_reasons,
    first_words,
    halve_window,
    json_entries,
    json_text,
    parse_instant,
    parse_json_object,
    url_with_query,
    without_reasons,
)
from crawler.text.html_text import text_of_html
from crawler.text.urls import resolve_web_url

MAX_GDELT_ARTICLES = 250
"""Articles in one answer, the service's maximum."""
DEFAULT_GDELT_WINDOW = timedelta(days=90)
"""Length of the window if the query has no start."""
MIN_GDELT_WINDOW = timedelta(minutes=15)
"""Shortest window; GDELT reads the news every 15 minutes."""
MAX_GDELT_HALVINGS = 6
"""Halvings of a window."""
GDELT_HOSTS_PER_QUERY = 5
"""Hosts in one query."""
MIN_GDELT_WORD_CHARS, MIN_GDELT_PHRASE_CHARS = 3, 5
"""Shortest word and phrase in characters; GDELT rejects a query with a shorter one."""
GDELT_BUSY_MESSAGE = re.compile(
    r"limit requests|one every|try again|timed? ?out|too many|overload|unavailable", re.IGNORECASE
)
"""Words in messages that a busy GDELT sends."""
GDELT_LANGUAGES_TEXT = """
af Afrikaans ar Arabic hy Armenian az Azerbaijani bn Bengali bs Bosnian bg Bulgarian ca Catalan zh Chinese hr Croatian
cs Czech da Danish nl Dutch en English et Estonian fi Finnish fr French gl Galician ka Georgian de German el Greek
gu Gujarati he Hebrew hi Hindi hu Hungarian is Icelandic id Indonesian it Italian ja Japanese kn Kannada kk Kazakh
ko Korean lv Latvian lt Lithuanian mk Macedonian ms Malay ml Malayalam mr Marathi mn Mongolian ne Nepali no Norwegian
fa Persian pl Polish pt Portuguese pa Punjabi ro Romanian ru Russian sr Serbian si Sinhalese sk Slovak sl Slovenian
so Somali es Spanish sw Swahili sv Swedish ta Tamil te Telugu th Thai bo Tibetan tr Turkish uk Ukrainian ur Urdu
vi Vietnamese
"""
_GDELT_LANGUAGE_PAIRS = GDELT_LANGUAGES_TEXT.split()
GDELT_LANGUAGE_OF_CODE = dict(
    zip(_GDELT_LANGUAGE_PAIRS[::2], _GDELT_LANGUAGE_PAIRS[1::2], strict=True)
)
"""GDELT's name of each language by its code (ISO 639-1)."""
CODE_OF_GDELT_LANGUAGE = {name: code for code, name in GDELT_LANGUAGE_OF_CODE.items()}
"""The code (ISO 639-1) of each language by GDELT's name."""


@dataclass(frozen=True)
class Gdelt(SearchService):
    """The article list (mode ArtList)."""

    name: ClassVar[str] = "gdelt"
    title: ClassVar[str] = "GDELT"
    via: ClassVar[str] = "gdelt"
    instead: ClassVar[str | None] = "gdelt-files"

    base: str = "https://api.gdeltproject.org/api/v2/doc/doc"
    pause: float = 6.0

    def unfit_reason(self, query: SearchQuery) -> str | None:
        """Return why a query cannot be asked, or None."""
        if query.hosts or any(map(_gdelt_term, (*query.words, *query.any_of))):
            return None
        return f"GDELT needs a word of {MIN_GDELT_WORD_CHARS} letters or more"

    def requests(self, query: SearchQuery) -> Iterator[ServiceRequest]:
        """Yield a request for each group of hosts."""
        if self.unfit_reason(query) is None:
            groups = [
                query.hosts[at : at + GDELT_HOSTS_PER_QUERY]
                for at in range(0, len(query.hosts), GDELT_HOSTS_PER_QUERY)
            ]
            for hosts in groups or [()]:
                yield self._ask(replace(query, hosts=hosts).window(DEFAULT_GDELT_WINDOW))

    def _ask(self, query: SearchQuery, depth: int = 0) -> ServiceRequest:
        """Return the request for a query with a window."""
        since, until = (
            parse_instant(query.since or ""),
            parse_instant(query.until or "", at_end=True),
        )
        url = url_with_query(
            self.base,
            query=gdelt_expression(query),
            mode="artlist",
            format="json",
            maxrecords=MAX_GDELT_ARTICLES,
            sort="datedesc",
            startdatetime=since.strftime("%Y%m%d%H%M%S"),
            enddatetime=until.strftime("%Y%m%d%H%M%S"),
        )
        return ServiceRequest(url, query, depth=depth)

    def _read(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        data = parse_json_object(body)
        faults: list[str] = []
        if data == "broken JSON" and (read := repair_gdelt_json(body)):
            data, faults = read
        if isinstance(data, str):
            return self._not_json(body, ask, data)
        articles = json_entries(data, "articles", most=4 * MAX_GDELT_ARTICLES)
        if articles is None:
            return self.failed("sent JSON without a list of articles")
        leads, reasons = without_reasons(self._lead(article, ask) for article in articles)
        skipped = faults + reasons
        asks: tuple[ServiceRequest, ...] = ()
        if len(articles) >= MAX_GDELT_ARTICLES:
            asks = self._halves(ask)
            if not asks:
                window = f"from {ask.query.since} to {ask.query.until}"
                skipped.insert(0, f"what GDELT found beyond {MAX_GDELT_ARTICLES} articles {window}")
        return ServiceAnswer(tuple(leads), asks=asks, skipped=first_reasons(skipped))

    def _halves(self, ask: ServiceRequest) -> tuple[ServiceRequest, ...]:
        """Return the requests for both halves of a window; empty where it cannot be halved."""
        if ask.depth >= MAX_GDELT_HALVINGS:
            return ()
        parts = halve_window(ask.query, MIN_GDELT_WINDOW)
        return tuple(self._ask(part, ask.depth + 1) for part in parts)

    def _not_json(self, body: bytes, ask: ServiceRequest, what: str) -> ServiceAnswer:
        """Return the answer for a body that is not JSON.

        Shed load and cut answers are temporary; rejected words are not.
        """
        said = first_words(body)
        if what == "no JSON" and said and not GDELT_BUSY_MESSAGE.search(said):
            return self.failed(f"refused the search: {said}")
        if not said:
            return self.later(ask, "sent an empty answer")
        if what == "no JSON":
            return self.later(ask, f"is busy: {said}")
        return self.later(ask, f"sent {what}")

    def _lead(self, article: dict[str, Any], ask: ServiceRequest) -> Lead | str:
        """Return the lead of an article, or the reason why its URL cannot be used."""
        url, problem = resolve_web_url(json_text(article.get("url")), self.base)
        if url is None:
            return problem
        language = CODE_OF_GDELT_LANGUAGE.get((json_text(article.get("language")) or "").title())
        return self.lead(
            url,
            ask,
            headline=clean_gdelt_headline(json_text(article.get("title")), language),
            language=language,
            # not the date of publication, but the page existed by then
            modified_at=parse_source_date(json_text(article.get("seendate"))),
        )


def gdelt_expression(query: SearchQuery) -> str:
    """Return the query in GDELT's syntax.

    Single words stand bare and phrases in quotation marks; otherwise GDELT rejects the whole query.
    """
    terms = filter(None, map(_gdelt_term, query.words))
    alternatives = list(filter(None, map(_gdelt_term, query.any_of)))
    hosts = [f"domainis:{host.removeprefix('www.')}" for host in query.hosts]
    choices = map(_gdelt_alternatives, (alternatives, _gdelt_languages(query.languages), hosts))
    return " ".join([*terms, *filter(None, choices)])


def _gdelt_languages(codes: Sequence[str]) -> list[str]:
    """Return the terms for languages; empty unless GDELT knows all of them.

    Naming only the known ones would exclude the unknown one.
    """
    names = [GDELT_LANGUAGE_OF_CODE.get(code) for code in codes]
    known = [f"sourcelang:{name.lower()}" for name in names if name]
    return known if len(known) == len(codes) else []


def _gdelt_alternatives(terms: list[str]) -> str:
    """Return alternatives as one term."""
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _gdelt_term(word: str) -> str | None:
    """Return a word or phrase without operators; None for one that GDELT would reject."""
    parts = re.findall(r"[\w'’]+", word.replace("_", " "))
    text = " ".join(part for part in parts if part not in ("OR", "AND", "NOT"))
    if len(parts) > 1:
        return f'"{text}"' if len(text) >= MIN_GDELT_PHRASE_CHARS else None
    is_long_enough = len(text) >= MIN_GDELT_WORD_CHARS or UNSPACED_RUN.search(text)
    return text if is_long_enough else None


def clean_gdelt_headline(title: str | None, language: str | None) -> str | None:
    """Return a title without GDELT's spaces around punctuation: `Ferry sinks , two hurt`."""
    text = text_of_html(title)
    if text is None:
        return None
    # French sets a space before : ; ! ?
    before = r"\s+([,.%)\]])" if language == "fr" else r"\s+([,.;:!?%)\]])"
    return re.sub(r"([(\[])\s+", r"\1", re.sub(before, r"\1", text))
