"""Crawls follow `dateline.toml` beside the archive, and the rules of outlets in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.strangers import Answer, Stranger, stranger
from tests.conftest import Dateline
from tests.end_to_end.test_hostile_web import knows, proxied, rss
from tests.paths import ROOT
from tests.reading_room import BUDGET, PIER

COURIER, SKERRY = "http://courier.example", "http://www.skerry.example"


def hidden_page(headline: str, paragraphs: tuple[str, ...]) -> Answer:
    """A page that hides its text and names its headline and author in its own way."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    html = f"""<html lang="en"><head><title>The Skerry</title></head><body>
    <h1>The Skerry</h1><h2 class="top">{headline}</h2><em class="who">Words: Ida Berg</em>
    <div class="story" hidden>{text}<p class="promo">Order the printed Skerry for a week.</p></div>
    </body></html>"""
    return Answer(200, html.encode())


def sitemap(*entries: tuple[str, str]) -> Answer:
    rows = "".join(f"<url><loc>{url}</loc><lastmod>{day}</lastmod></url>" for url, day in entries)
    head = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return Answer(200, f"{head}{rows}</urlset>".encode(), {"Content-Type": "application/xml"})


WEB = {
    f"{COURIER}/map.xml": sitemap(
        (f"{COURIER}/old", "2026-01-02"), (f"{COURIER}/new", "2026-03-08")
    ),
    f"{COURIER}/old": hidden_page("Old news", PIER),
    f"{COURIER}/new": hidden_page("New news", PIER),
    f"{SKERRY}/feed": Answer(200, rss(f"{SKERRY}/1", f"{SKERRY}/2")),
    f"{SKERRY}/1": hidden_page("Pier to shut", PIER),
    f"{SKERRY}/2": hidden_page("Budget approved", BUDGET),
}
CONFIGURATION = """
contact = "desk@file.example"
delay = 0
browser = "off"
[crawl]
since = "30d"
[outlets."skerry.example"]
text = ".story"
headline = "h2.top"
byline = ".nobody"
drop = ".promo"
render = true
[outlets."elsewhere.example"]
render = true
[outlets."courier.example"]
since = "2000-01-01"
"""


@pytest.fixture
def web() -> Iterator[Stranger]:
    with stranger(WEB) as there:
        yield there


@pytest.fixture
def run(tmp_path: Path, web: Stranger) -> Dateline:
    command = proxied(tmp_path, web, DATELINE_NOW="2026-03-10T12:00:00Z")
    knows(command, "skerry.example", (f"{SKERRY}/feed", "feed"))
    knows(command, "courier.example", (f"{COURIER}/map.xml", "sitemap"))
    configure(command, CONFIGURATION)
    return command


def configure(run: Dateline, text: str) -> None:
    (run.folder / "dateline.toml").write_text(text, "utf-8")


def agents(web: Stranger) -> set[str]:
    return {headers["user-agent"] for headers in web.headers}


def test_a_crawl_follows_the_configuration_and_the_rules_of_the_outlets(run, web):
    ran = run("crawl")
    assert all("contact: desk@file.example" in agent for agent in agents(web))
    texts = dict(run.rows("SELECT url, text FROM articles"))
    assert texts[f"{SKERRY}/1"].split("\n") == list(PIER)
    assert texts[f"{SKERRY}/2"].split("\n") == list(BUDGET)
    headlines = dict(run.rows("SELECT url, headline FROM articles"))
    assert headlines[f"{SKERRY}/1"] == "Pier to shut"
    assert f"{COURIER}/old" in web.asked  # its own `since` goes back further
    (extractor,) = run.column("SELECT DISTINCT extractor FROM articles WHERE url LIKE '%skerry%'")
    assert ", rules " in extractor
    assert extractor.endswith("; no match: byline")
    said = ran.stdout + ran.stderr
    note = "skerry.example: render = true needs a browser: browser is off; read as served"
    assert note in said
    assert "elsewhere.example" not in said, "the crawl reads no page of it"


def test_the_environment_overrides_the_file_and_the_command_line_both(run, web):
    run.environment["DATELINE_CONTACT"] = "desk@environment.example"
    run("crawl", "--since", "7d")
    assert all("desk@environment.example" in agent for agent in agents(web))
    assert f"{COURIER}/old" not in web.asked  # --since overrules the outlet's
    assert f"{COURIER}/new" in web.asked
    web.headers.clear()
    run("crawl", f"{COURIER}/new", "--contact", "desk@typed.example", code=None)
    assert all("desk@typed.example" in agent for agent in agents(web))


def test_scrapy_crawl_follows_the_same_configuration(run, web):
    environ = run.environ() | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scrapy", "crawl", "feeds"]
    how: dict[str, Any] = {"capture_output": True, "text": True, "cwd": ROOT, "env": environ}
    ran = subprocess.run(command, check=False, **how)
    assert ran.returncode == 0, ran.stderr
    assert all("desk@file.example" in agent for agent in agents(web))
    assert "Pier to shut" in run.column("SELECT headline FROM articles")
    configure(run, "dely = 3")
    failed = subprocess.run(command, check=False, **how)
    assert failed.returncode == 2
    assert "dely: unknown key; did you mean delay?" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_mistake_in_the_configuration_stops_a_crawl_before_its_first_request(run, web):
    configure(run, '[outlets."skerry.example"]\ntext = "p["\n')
    for words in (("crawl",), ("follow", f"{SKERRY}/1"), ("extract", "--all")):
        ran = run(*words, code=2)
        (line,) = ran.stderr.splitlines()
        assert line.startswith(f"dateline: {run.folder / 'dateline.toml'}:2: ")
    assert web.asked == []


def test_a_rule_that_is_out_of_date_is_counted_until_it_is_mended(run, web):
    run("crawl")
    (row,) = json.loads(run("status", "--json").stdout)["rules_out_of_date"]
    assert row == {"outlet": "skerry.example", "rule": "byline", "unmatched": 2, "articles": 2}
    assert "Rules that are out of date" in run("status").stdout
    id = run.column("SELECT id FROM articles WHERE url = ?", f"{SKERRY}/1")[0]
    assert "nothing matched for byline" in run("show", id).stdout
    configure(run, CONFIGURATION.replace(".nobody", ".who"))
    run("extract", "--all")
    assert json.loads(run("status", "--json").stdout)["rules_out_of_date"] == []
    assert set(run.column("SELECT authors FROM articles WHERE url LIKE '%skerry%'")) == {
        '["Ida Berg"]'
    }
    assert run.column("SELECT count(*) FROM revisions WHERE number > 1") == [0]


def test_stored_pages_are_explained_by_rules_that_are_tried(run, tmp_path):
    run("crawl")
    rules = tmp_path / "rules.toml"
    rules.write_text('[outlets."skerry.example"]\nbyline = ".who"\n', "utf-8")
    ran = run("extract", "--explain", f"{SKERRY}/1", "--rules", rules)
    assert "rule byline: .who  matched 1 part: gives the byline" in ran.stdout
    assert "rule text" not in ran.stdout


def test_imported_pages_are_read_by_the_rules_in_force(run, tmp_path):
    page = tmp_path / "page.html"
    body = WEB[f"{SKERRY}/2"].body
    named = f'<link rel="canonical" href="{SKERRY}/2026/03/budget-approved">'.encode()
    page.write_bytes(body.replace(b"<title>", named + b"<title>"))
    run("import", page)
    assert run.column("SELECT text FROM articles") == ["\n".join(BUDGET)]


def test_a_configuration_elsewhere_is_named_before_or_after_the_command(run, web, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(CONFIGURATION.replace("file.example", "other.example"), "utf-8")
    run("--config", other, "crawl", "--outlet", "skerry.example")
    assert all("desk@other.example" in agent for agent in agents(web))
    shown = run("config", "--config", os.path.relpath(other)).stdout
    assert "desk@other.example" in shown
    units = run("schedule", "--cron", "--config", other).stdout
    assert f"DATELINE_CONFIG={other}" in units
    ran = run("search", "pier", "--config", tmp_path / "gone.toml", code=2)
    assert "gone.toml: the configuration cannot be read" in ran.stderr


def test_a_page_that_is_no_article_is_explained_by_its_url(run, web):
    web.says = {f"{SKERRY}/empty": Answer(200, b"<html><h2 class=top>Nothing here</h2></html>")}
    run("crawl", f"{SKERRY}/empty", code=1)
    assert run.column("SELECT count(*) FROM articles") == [0]
    ran = run("extract", "--explain", f"{SKERRY}/empty")
    assert "rule headline: h2.top  matched 1 part: gives the headline" in ran.stdout
    assert "rule text: .story  matched nothing; the general reader decides" in ran.stdout
    refused = run("extract", "--explain", f"{SKERRY}/unknown", code=1)
    assert "no stored page at" in refused.stderr
