"""The demonstration's story, article by article: what a reader would file under it is listed, in
four languages."""

from __future__ import annotations

from demo.__main__ import FOLLOWED
from demo.web import load_world, serve
from tests.paths import WORLD as FOLDER

WORLD = load_world(FOLDER)
OF_THE_STORY = {
    outlet.url(page.path) for outlet in WORLD.outlets for page in outlet.pages if page.event
}
ABROAD = {
    "http://elfaro.example/mundo/santa-lirio-y-aldermark-abriran-embajadas": "es",
    "http://elfaro.example/pais/cuatro-barrios-a-oscuras-por-falta-de-diesel": "es",
    "http://elfaro.example/pais/la-villa-amarilla-vuelve-a-tener-bandera": "es",
    "http://hanbit.example/article/20260304000117": "ko",
    "http://hanbit.example/article/20260307000042": "ko",
    "http://minato.example/articles/A20260307-0031": "ja",
}
HARDLY_OF_IT = {
    "http://anselgazette.example/features/the-last-captain-of-the-lirio-boat",
    "http://anselgazette.example/news/4902",
    "http://ledger.example/trade/tankers-turn-and-prices-follow",
    "http://northquad.example/?p=2210",
}
"""A memoir, road closures, a market report and students' voices: they may be listed, and are not
yet."""


def test_the_demonstrations_story_lists_each_article_that_belongs_and_no_other(dateline):
    with serve(WORLD) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        run("follow", *FOLLOWED, "--name", "lirio-ties")
    held = set(run.column("SELECT url FROM articles"))
    rows = {row["url"]: row for row in run.rows("SELECT url, language, tier FROM story_coverage")}
    wanted = (held & OF_THE_STORY) - HARDLY_OF_IT
    assert len(held - OF_THE_STORY) >= 15, "there is other news"
    assert len(wanted) >= 32
    assert dict.fromkeys(wanted - set(rows), "missing") == {}
    assert dict.fromkeys(set(rows) - OF_THE_STORY, "listed") == {}
    assert {url: rows[url]["language"] for url in ABROAD} == ABROAD
    assert {rows[url]["tier"] for url in FOLLOWED} == {"sure"}
    assert {row["tier"] for row in rows.values()} == {"sure", "likely"}
