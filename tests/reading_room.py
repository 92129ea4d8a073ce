"""An archive that takes pages in as a crawl does, without a network: what came at an address, and
what was kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.queries.lookup import article_with_context, find_article_id
from archive.rebuilds import prepare_archive
from archive.records import Capture, Check, Lead, Outcome
from crawler.extraction.extract import extract_article
from crawler.network.exchange import check_of_article, outcome_of_status
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from pipelines.urls import url_key

PIER = (
    "The harbour board of Tollhaven voted on Tuesday to shut the grain pier for eleven weeks while divers replace its"
    " rotten piles.",
    "Chairwoman Berit Aasen told a full hall that gribble had eaten through the timber, and that four piles could be"
    " pushed over with one hand.",
    "Some 1,900 commuters from the skerries will be taken by bus to the coal quay, where a landing stage is being built"
    " for 275,000 crowns.",
    "“I have crossed here for nineteen years,” said the baker Tore Lie. “I would rather walk than take that bus.”",
    "The builder, Skerry Marine, means to be done before the summer timetable, provided that the gales of spring leave"
    " its barges alone.",
    "Season tickets are extended by the length of the works, the ferry line said, and bicycles travel free until then.",
)
BUDGET = (
    "The council of Ravnsborg approved next year's budget after a sitting of six hours that ended long after midnight.",
    "Taxes stay where they are, yet the swimming baths lose two mornings a week and the library closes on Saturdays.",
    "Mayor Sunniva Dahl spoke of a bitter compromise; the opposition under Knut Vik promised to collect signatures.",
    "The vote went twelve to nine. One member was missing, as the night train from the capital stood in a snowdrift.",
    "The school in the lower town has to wait another year for its roof, which has leaked since the storm of 2019.",
)
OUTLET = "The Tollhaven Courier"


def html(  # noqa: PLR0917  a template
    paragraphs: tuple[str, ...] | list[str],
    headline: str = "Grain pier to shut for eleven weeks",
    canonical: str | None = None,
    head: str = "",
    before: str = "",
    after: str = "",
    date: str = '<p class="date"><time datetime="2026-03-03">3 March 2026</time></p>',
    language: str = "en",
) -> str:
    """An article's page."""
    named = (
        f'<link rel="canonical" href="{canonical}"><meta property="og:url" content="{canonical}">'
        if canonical
        else ""
    )
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{headline} - {OUTLET}</title>'
        f"{named}{head}</head><body><header><nav><a href='/'>{OUTLET}</a> <a href='/news'>News</a></nav></header>"
        f"<main><article><h1>{headline}</h1><p class='byline'>By Ida Berg</p>{date}{before}{body}{after}"
        "</article></main>"
        f"<footer><p>© {OUTLET}</p></footer></body></html>"
    )


def front(many: int = 24) -> str:
    """A front or section page."""
    teasers = "".join(
        f'<h2><a href="/news/{n}-of-the-town">Report {n} on the town council and its harbour</a></h2><p>Short.</p>'
        for n in range(many)
    )
    kind = '<meta property="og:type" content="website">'
    return f"<html><head><title>{OUTLET}</title>{kind}</head><body><h1>{OUTLET}</h1>{teasers}</body></html>"


class ReadingRoom:
    """Looks at pages, each an hour after the one before."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive(folder)
        self.ours = archive_policies()
        prepare_archive(self.archive.db, self.ours)
        self.hours = 0

    def look(
        self,
        url: str,
        page: str = "",
        to: str | None = None,
        hops: tuple[str, ...] = (),
        status: int = 200,
        lead: Lead | None = None,
    ) -> Outcome:
        """One look: the page that came, where redirects led `to` and over which further `hops`; its
        outcome."""
        at = f"2026-03-{10 + self.hours // 24}T{self.hours % 24:02}:00:00Z"
        self.hours += 1
        came = Capture(url, page.encode(), status, (), at, to, (url, *hops) if to else ())
        judged: dict[str, Any] = outcome_of_status(status)
        check = Check(
            url, judged["outcome"], at, status, to, reason=judged.get("reason"), lead=lead
        )
        if check.outcome == "new":
            check = check_of_article(
                replace(check, capture=came, digest=came.digest), extract_article(came)
            )
        [outcome] = write_checks(self.archive, [run_stages(check)], self.ours)
        return outcome

    def shown(self, url: str) -> dict[str, Any]:
        """What `dateline show` tells of an address."""
        id = find_article_id(self.archive.db, url, url_key)
        assert id is not None, url
        found = article_with_context(self.archive.db, id)
        assert found
        return found

    def column(self, query: str, *values: object) -> list[Any]:
        return [row[0] for row in self.archive.db.execute(query, values)]

    def articles(self) -> list[str]:
        """The beginnings of their texts, in the order they came."""
        return [text[:30] for text in self.column("SELECT text FROM articles ORDER BY id")]

    def kinds(self, url: str) -> list[list[str]]:
        """What changed, of the article of an address."""
        id = find_article_id(self.archive.db, url, url_key)
        rows = self.column(
            "SELECT kinds FROM revisions WHERE article_id = ? AND number > 1 ORDER BY number", id
        )
        return [json.loads(row) for row in rows]
