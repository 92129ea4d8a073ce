"""GDELT DOC 2.0: articles of the last months in 65 languages, up to 250 in an answer.

Source: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/, and reports of its users about
refused queries. The service asks for five seconds between requests. Under load it answers 429,
or a line of text with status 200; it rejects too short words with such a line as well. A window
with a full answer is asked for again in two halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from archive.records import Lead
from archive.text.unspaced import UNSPACED_RUN
from crawler.dates.date_parser import read_moment
from crawler.services.broken_json import mended
from crawler.services.search_service import (
    Answer,
    Ask,
    Query,
    Service,
    address,
    entries,
    first_of,
    halves,
    instant,
    json_object,
    text_of,
    words_of,
)
from crawler.text.html_text import text_of_html
from crawler.text.urls import web_url

MOST = 250
"""Articles in one answer, the service's maximum."""
REACH = timedelta(days=90)
"""Length of the window if the query has no start."""
SHORTEST = timedelta(minutes=15)
"""Shortest window; GDELT reads the news every 15 minutes."""
DEEPEST = 6
"""Halvings of a window."""
HOSTS_AT_ONCE = 5
"""Hosts in one query."""
SHORTEST_WORD, SHORTEST_PHRASE = 3, 5
"""Shortest word and phrase in characters; GDELT rejects a query with a shorter one."""
SHEDDING = re.compile(
    r"limit requests|one every|try again|timed? ?out|too many|overload|unavailable", re.IGNORECASE
)
"""Words in messages that a busy GDELT sends."""
LANGUAGES_TEXT = """
af Afrikaans ar Arabic hy Armenian az Azerbaijani bn Bengali bs Bosnian bg Bulgarian ca Catalan zh Chinese hr Croatian
cs Czech da Danish nl Dutch en English et Estonian fi Finnish fr French gl Galician ka Georgian de German el Greek
gu Gujarati he Hebrew hi Hindi hu Hungarian is Icelandic id Indonesian it Italian ja Japanese kn Kannada kk Kazakh
ko Korean lv Latvian lt Lithuanian mk Macedonian ms Malay ml Malayalam mr Marathi mn Mongolian ne Nepali no Norwegian
fa Persian pl Polish pt Portuguese pa Punjabi ro Romanian ru Russian sr Serbian si Sinhalese sk Slovak sl Slovenian
so Somali es Spanish sw Swahili sv Swedish ta Tamil te Telugu th Thai bo Tibetan tr Turkish uk Ukrainian ur Urdu
vi Vietnamese
"""
_PAIRS = LANGUAGES_TEXT.split()
LANGUAGES = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
"""GDELT's name of each language by its code (ISO 639-1)."""
CODES = {name: code for code, name in LANGUAGES.items()}
"""The code (ISO 639-1) of each language by GDELT's name."""


@dataclass(frozen=True)
class Gdelt(Service):
    """The article list (mode ArtList)."""

    name: ClassVar[str] = "gdelt"
    title: ClassVar[str] = "GDELT"
    via: ClassVar[str] = "gdelt"
    instead: ClassVar[str | None] = "gdelt-files"

    base: str = "https://api.gdeltproject.org/api/v2/doc/doc"
    pause: float = 6.0

    def unfit(self, query: Query) -> str | None:
        """Return why a query cannot be asked, or None."""
        if query.hosts or any(map(_term, (*query.words, *query.any_of))):
            return None
        return f"GDELT needs a word of {SHORTEST_WORD} letters or more"

    def requests(self, query: Query) -> Iterator[Ask]:
        """Yield a request for each group of hosts."""
        if self.unfit(query) is None:
            groups = [
                query.hosts[at : at + HOSTS_AT_ONCE]
                for at in range(0, len(query.hosts), HOSTS_AT_ONCE)
            ]
            for hosts in groups or [()]:
                yield self._ask(replace(query, hosts=hosts).window(REACH))

    def _ask(self, query: Query, depth: int = 0) -> Ask:
        """Return the request for a query with a window."""
        since, until = instant(query.since or ""), instant(query.until or "", at_end=True)
        url = address(
            self.base,
            query=expression(query),
            mode="artlist",
            format="json",
            maxrecords=MOST,
            sort="datedesc",
            startdatetime=since.strftime("%Y%m%d%H%M%S"),
            enddatetime=until.strftime("%Y%m%d%H%M%S"),
        )
        return Ask(url, query, depth=depth)

    def _read(self, body: bytes, ask: Ask) -> Answer:
        data = json_object(body)
        faults: list[str] = []
        if data == "broken JSON" and (read := mended(body)):
            data, faults = read
        if isinstance(data, str):
            return self._not_json(body, ask, data)
        articles = entries(data, "articles", most=4 * MOST)
        if articles is None:
            return self.failed("sent JSON without a list of articles")
        found = [self._lead(article, ask) for article in articles]
        leads = tuple(lead for lead in found if isinstance(lead, Lead))
        skipped = faults + [reason for reason in found if isinstance(reason, str)]
        may_halve = len(articles) >= MOST and ask.depth < DEEPEST
        parts = halves(ask.query, SHORTEST) if may_halve else ()
        if len(articles) >= MOST and not parts:
            window = f"from {ask.query.since} to {ask.query.until}"
            skipped.insert(0, f"what GDELT found beyond {MOST} articles {window}")
        return Answer(
            leads,
            asks=tuple(self._ask(part, ask.depth + 1) for part in parts),
            skipped=first_of(skipped),
        )

    def _not_json(self, body: bytes, ask: Ask, what: str) -> Answer:
        """Return the answer for a body that is not JSON.

        Shed load and cut answers are temporary; rejected words are not.
        """
        said = words_of(body)
        if what == "no JSON" and said and not SHEDDING.search(said):
            return self.failed(f"refused the search: {said}")
        if not said:
            return self.later(ask, "sent an empty answer")
        if what == "no JSON":
            return self.later(ask, f"is busy: {said}")
        return self.later(ask, f"sent {what}")

    def _lead(self, article: dict[str, Any], ask: Ask) -> Lead | str:
        """Return the lead of an article, or the reason why its URL cannot be used."""
        url, problem = web_url(text_of(article.get("url")), self.base)
        if url is None:
            return problem
        language = CODES.get((text_of(article.get("language")) or "").title())
        return self.lead(
            url,
            ask,
            headline=headline(text_of(article.get("title")), language),
            language=language,
            # not the date of publication, but the page existed by then
            modified_at=read_moment(text_of(article.get("seendate"))),
        )


def expression(query: Query) -> str:
    """Return the query in GDELT's syntax.

    Single words stand bare and phrases in quotation marks; otherwise GDELT rejects the whole query.
    """
    alternatives = [term for word in query.any_of if (term := _term(word))]
    languages = [
        f"sourcelang:{LANGUAGES[code].lower()}" for code in query.languages if code in LANGUAGES
    ]
    if len(languages) < len(query.languages):
        languages = []  # naming only the known ones would exclude the unknown one
    hosts = [f"domainis:{host.removeprefix('www.')}" for host in query.hosts]
    terms = [term for word in query.words if (term := _term(word))]
    return " ".join([*terms, *filter(None, map(_any_of, (alternatives, languages, hosts)))])


def _any_of(terms: list[str]) -> str:
    """Return alternatives as one term."""
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _term(word: str) -> str | None:
    """Return a word or phrase without operators; None for one that GDELT would reject."""
    parts = re.findall(r"[\w'’]+", word.replace("_", " "))
    plain_words = " ".join(part for part in parts if part not in ("OR", "AND", "NOT"))
    if len(parts) > 1:
        return f'"{plain_words}"' if len(plain_words) >= SHORTEST_PHRASE else None
    is_long_enough = len(plain_words) >= SHORTEST_WORD
    return plain_words if is_long_enough or UNSPACED_RUN.search(plain_words) else None


def headline(title: str | None, language: str | None) -> str | None:
    """Return a title without GDELT's spaces around punctuation: `Ferry sinks , two hurt`."""
    text = text_of_html(title)
    if text is None:
        return None
    # French sets a space before : ; ! ?
    before = r"\s+([,.%)\]])" if language == "fr" else r"\s+([,.;:!?%)\]])"
    return re.sub(r"([(\[])\s+", r"\1", re.sub(before, r"\1", text))
