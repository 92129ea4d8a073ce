"""GDELT DOC 2.0: articles of the last months in 65 languages, 250 an answer.

Source: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/, and what its users report of its
refusals. It asks for five seconds between requests, sheds load with 429 or with a line of text at
200, and refuses words that are too short with such a line as well. A window that comes back full is
asked for again in two halves.
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
"""Articles that an answer can hold."""
REACH = timedelta(days=90)
SHORTEST = timedelta(minutes=15)
"""GDELT looks at the news every 15 minutes."""
DEEPEST = 6
"""Halvings of a window."""
HOSTS_AT_ONCE = 5
SHORTEST_WORD, SHORTEST_PHRASE = 3, 5
"""Characters; GDELT refuses the whole query for one that is shorter."""
SHEDDING = re.compile(
    r"limit requests|one every|try again|timed? ?out|too many|overload|unavailable", re.IGNORECASE
)
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
CODES = {name: code for code, name in LANGUAGES.items()}


@dataclass(frozen=True)
class Gdelt(Service):
    """Its article list (mode ArtList)."""

    name: ClassVar[str] = "gdelt"
    title: ClassVar[str] = "GDELT"
    via: ClassVar[str] = "gdelt"
    instead: ClassVar[str | None] = "gdelt-files"

    base: str = "https://api.gdeltproject.org/api/v2/doc/doc"
    pause: float = 6.0

    def unfit(self, query: Query) -> str | None:
        if query.hosts or any(map(_term, (*query.words, *query.any_of))):
            return None
        return f"GDELT needs a word of {SHORTEST_WORD} letters or more"

    def requests(self, query: Query) -> Iterator[Ask]:
        if self.unfit(query) is None:
            groups = [
                query.hosts[at : at + HOSTS_AT_ONCE]
                for at in range(0, len(query.hosts), HOSTS_AT_ONCE)
            ]
            for hosts in groups or [()]:
                yield self._ask(replace(query, hosts=hosts).window(REACH))

    def _ask(self, query: Query, depth: int = 0) -> Ask:
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
        parts = halves(ask.query, SHORTEST) if len(articles) >= MOST and ask.depth < DEEPEST else ()
        if len(articles) >= MOST and not parts:
            skipped.insert(
                0,
                f"what GDELT found beyond {MOST} articles from {ask.query.since} to {ask.query.until}",
            )
        return Answer(
            leads,
            asks=tuple(self._ask(part, ask.depth + 1) for part in parts),
            skipped=first_of(skipped),
        )

    def _not_json(self, body: bytes, ask: Ask, what: str) -> Answer:
        """Load that is shed and answers that are cut may be had later; words that it does not like
        may not."""
        said = words_of(body)
        if what == "no JSON" and said and not SHEDDING.search(said):
            return self.failed(f"refused the search: {said}")
        if not said:
            return self.later(ask, "sent an empty answer")
        return self.later(ask, f"sheds load: {said}" if what == "no JSON" else f"sent {what}")

    def _lead(self, article: dict[str, Any], ask: Ask) -> Lead | str:
        url, problem = web_url(text_of(article.get("url")), self.base)
        if url is None:
            return problem
        language = CODES.get((text_of(article.get("language")) or "").title())
        return self.lead(
            url,
            ask,
            headline=headline(text_of(article.get("title")), language),
            language=language,
            # no date of publishing: by then it was there
            modified_at=read_moment(text_of(article.get("seendate"))),
        )


def expression(query: Query) -> str:
    """The query in GDELT's words: single words bare and phrases quoted, or the whole of it is
    refused."""
    alternatives = [term for word in query.any_of if (term := _term(word))]
    languages = [
        f"sourcelang:{LANGUAGES[code].lower()}" for code in query.languages if code in LANGUAGES
    ]
    if len(languages) < len(query.languages):
        languages = []  # one that GDELT does not know would be lost by naming the others
    hosts = [f"domainis:{host.removeprefix('www.')}" for host in query.hosts]
    terms = [term for word in query.words if (term := _term(word))]
    return " ".join([*terms, *filter(None, map(_any_of, (alternatives, languages, hosts)))])


def _any_of(terms: list[str]) -> str:
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _term(word: str) -> str | None:
    """A word or phrase as GDELT takes it, without its operators; None for one that it would
    refuse."""
    parts = re.findall(r"[\w'’]+", word.replace("_", " "))
    plain_words = " ".join(part for part in parts if part not in ("OR", "AND", "NOT"))
    if len(parts) > 1:
        return f'"{plain_words}"' if len(plain_words) >= SHORTEST_PHRASE else None
    return (
        plain_words
        if len(plain_words) >= SHORTEST_WORD or UNSPACED_RUN.search(plain_words)
        else None
    )


def headline(title: str | None, language: str | None) -> str | None:
    """A title without the spaces that GDELT sets around its signs: `Ferry sinks , two hurt`."""
    text = text_of_html(title)
    if text is None:
        return None
    # French sets a space before : ; ! ?
    before = r"\s+([,.%)\]])" if language == "fr" else r"\s+([,.;:!?%)\]])"
    return re.sub(r"([(\[])\s+", r"\1", re.sub(before, r"\1", text))
