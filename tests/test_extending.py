"""What docs/extending.md shows works as it says, and a broken extension harms nobody else."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader

from archive.records import Article, Check
from crawler.cli.main import cli
from crawler.services import SearchQuery, service_named
from pipelines.alerts.alert_messages import AlertMessage
from pipelines.stages import run_stages
from tests.archive.conftest import fill
from tests.extensions import GUIDE, installed, write_guide_files

EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```python\n(.*?)```\n", re.DOTALL)
PACKAGE = "gazette_tools"
BROKEN = {
    "dateline.spiders": {"sunk": "sunk_tools.missing"},
    "dateline.services": {"sunk": "sunk_tools:NotAService"},
    "dateline.stages": {"sunk": "sunk_tools:raises"},
    "dateline.questions": {"sunk": "sunk_tools.plain"},
    "dateline.notifiers": {"sunk": "sunk_tools.leaves"},
}
"""Entry points of a package in which nothing works."""


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of the guide, whose package is installed."""
    folder = tmp_path_factory.mktemp("guide")
    write_guide_files(folder)
    with installed(folder / "gazette-tools", PACKAGE):
        yield folder


def write_sunk_package(folder: Path) -> Path:
    """Write a package in which no extension works."""
    tables = "\n".join(
        f'[project.entry-points."{group}"]\n'
        + "\n".join(f'{name} = "{value}"' for name, value in points.items())
        for group, points in BROKEN.items()
    )
    package = folder / "sunk-tools" / "sunk_tools"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(
        f'[project]\nname = "sunk-tools"\nversion = "0.1"\n{tables}\n'
    )
    (package / "__init__.py").write_text(
        "class NotAService: pass\ndef raises(check): raise KeyError('tide')\n"
    )
    (package / "plain.py").write_text("")
    (package / "leaves.py").write_text("raise SystemExit('no desk')\n")
    return package.parent


@pytest.fixture
def sunk(tmp_path: Path) -> Iterator[Path]:
    """A package in which no extension works, installed."""
    source = write_sunk_package(tmp_path)
    with installed(source, "sunk_tools"):
        yield source


def settings() -> Settings:
    made = Settings()
    made.setmodule("crawler.settings", priority="project")
    return made


def check_of(url: str, **fields: Any) -> Check:
    article = Article(url, headline="The tides", text="The tide turns at noon.", **fields)
    return Check(url, "new", "2026-03-05T12:00:00Z", article=article)


def example(name: str) -> str:
    return dict(EXAMPLE.findall(GUIDE.read_text("utf-8")))[name]


# -- the guide -------------------------------------------------------------------------------------


def test_the_command_lists_the_extensions_as_the_guide_shows_them(guide: Path) -> None:
    ran = CliRunner().invoke(cli, ["extensions"])
    assert ran.exit_code == 0, ran.output
    shown = re.search(r"\$ dateline extensions\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert shown
    assert ran.output == shown[1]
    rows = json.loads(CliRunner().invoke(cli, ["extensions", "--json"]).output)
    assert {row["package"] for row in rows} == {"gazette-tools 1.0"}


def test_the_spiders_of_a_package_are_found_beside_those_of_the_project(guide: Path) -> None:
    loader = get_spider_loader(settings())
    assert {"outlets", "pages", "gazette", "bulletins"} <= set(loader.list())
    assert loader.load("gazette").__module__ == "gazette_tools.spiders"


def test_a_search_service_of_a_package_is_asked_by_its_name(guide: Path) -> None:
    service = service_named("Gazette")
    (ask,) = service.requests(SearchQuery(words=("ferry", "landing"), since="2026-03-01"))
    assert ask.url == "https://gazette.example/search?q=ferry+landing&since=2026-03-01"
    body = json.dumps({"hits": [{"url": "https://gazette.example/1"}, {}]}).encode()
    answer = service.read(body, ask)
    assert [(lead.url, lead.via) for lead in answer.leads] == [
        ("https://gazette.example/1", "site search")
    ]
    elsewhere = service_named("gazette", "http://127.0.0.1:8080/search/")
    assert elsewhere.base == "http://127.0.0.1:8080/search"


def test_a_stage_of_a_package_changes_and_refuses_articles_in_every_import(guide: Path) -> None:
    stored = run_stages(check_of("https://gazette.example/tides", section="Biz"))
    assert stored.article
    assert stored.article.section == "Business"
    assert stored.fingerprint
    refused = run_stages(check_of("https://gazette.example/stars", section="Stars"))
    assert (refused.article, refused.outcome, refused.reason) == (
        None,
        "not article",
        "a horoscope",
    )
    other = run_stages(check_of("https://harbour.example/stars", section="Stars"))
    assert other.article


def test_a_notifier_of_a_package_gets_the_messages(
    guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crawler.alerts.apprise_sender import check_target_url, send_message

    monkeypatch.chdir(tmp_path)
    check_target_url("gazette://desk")
    assert send_message("gazette://desk", AlertMessage("Ferry crews strike", "Two outlets")) is None
    assert (tmp_path / "desk.txt").read_text("utf-8") == "Ferry crews strike\nTwo outlets\n"


def test_the_page_of_the_guide_is_shown_in_the_frame_of_the_archive(
    guide: Path, tmp_path: Path
) -> None:
    folder = fill(tmp_path)
    site = Datasette(
        [str(folder / "archive.db")],
        plugins_dir=str(guide / "plugins"),
        template_dir=str(guide / "templates"),
    )
    try:
        answer = asyncio.run(site.client.get("/archive/-/most-copied"))
    finally:
        forget_plugins(guide / "plugins")
    assert answer.status_code == 200
    assert '<a href="/archive/articles/1">Ferry crews strike</a>, 1 other outlets' in answer.text
    assert 'aria-label="Archive"' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_questions_of_the_guide_are_answered_on_a_site(guide: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (folder / "questions.toml").write_bytes((guide / "questions.toml").read_bytes())
    site = Datasette([str(folder / "archive.db")])
    listed = asyncio.run(site.client.get("/archive/-/questions")).text
    for name, title, heading in (
        ("our_corrections", "Our corrections", "Our desk"),
        ("sections", "Sections", "Own questions"),
    ):
        assert f'<a href="/archive/{name}">{title}</a>' in listed
        assert f">{heading}</h2>" in listed
        assert asyncio.run(site.client.get(f"/archive/{name}.json")).status_code == 200


def forget_plugins(folder: Path) -> None:
    """Unregister the plugins that a Datasette loaded from a folder; they are global to a process."""
    from datasette.plugins import pm

    for plugin in pm.get_plugins():
        if str(getattr(plugin, "__file__", "")).startswith(str(folder)):
            pm.unregister(plugin)
    sys.path_importer_cache.pop(str(folder), None)


def test_the_archive_is_read_from_python_as_the_guide_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    fill(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    exec(compile(example("archive"), str(GUIDE), "exec", dont_inherit=True), {})
    assert capsys.readouterr().out.splitlines() == [
        "2024-02-15 harbour.example Ferry crews strike https://harbour.example/news/1",
        "  also: ridge.example same text",
        "  changed: 2024-03-01T06:00:00Z ('headline',)",
        "2024-02-15 ridge.example Island cut off as ferries stop https://ridge.example/news/2",
        "  also: harbour.example same text",
    ]


@pytest.mark.slow
def test_a_page_is_read_from_python_as_the_guide_shows(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example("page"), str(GUIDE), "exec", dont_inherit=True), {})
    assert capsys.readouterr().out == (
        "Ferry crews strike 2026-03-05T10:00:00Z ('Mara Lind',) article\n"
    )


# -- broken ones -----------------------------------------------------------------------------------


def test_each_broken_extension_is_listed_with_its_reason(sunk: Path) -> None:
    ran = CliRunner().invoke(cli, ["extensions"])
    lines = [line for line in ran.output.splitlines() if " sunk of " in line]
    assert ran.exit_code == 1
    assert lines[0] == (
        "spiders sunk of sunk-tools 0.1 (sunk_tools.missing): left out: "
        "ModuleNotFoundError: No module named 'sunk_tools.missing'"
    )
    assert "left out: it is not a crawler.services.SearchService" in lines[1]
    assert "in use" in lines[2], "that a stage fails shows only when it is used"
    assert "left out: it is not a package" in lines[3]
    assert "left out: SystemExit: no desk" in lines[4]


def test_a_broken_extension_costs_one_line_and_no_other_extension(
    guide: Path, sunk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loader = get_spider_loader(settings())
    assert {"outlets", "gazette"} <= set(loader.list())
    assert service_named("gazette").title == "The Gazette"
    for number in range(3):
        assert run_stages(check_of(f"https://gazette.example/{number}", section="Biz")).article
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == [
        "spiders sunk of sunk-tools 0.1 is left out",
        "search service sunk of sunk-tools 0.1 is left out",
        "stage sunk failed and changed nothing, for example of https://gazette.example/0",
    ]
    assert said[2].endswith("KeyError: 'tide'")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _: None, "TypeError: it returned NoneType in place of a check"),
        (lambda check: replace(check, url="https://other.example/"), "it changed the URL"),
    ],
)
def test_a_stage_that_breaks_its_promise_changes_nothing(
    spoil: Any, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from archive.extensions import report_extension_problem
    from pipelines.extend import accept_stage

    report_extension_problem.cache_clear()
    check = check_of("https://gazette.example/1")
    assert accept_stage("tides", spoil).apply(check) is check
    assert why in capsys.readouterr().err


def test_of_two_extensions_of_one_name_the_first_is_used(
    guide: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "zinc-tools"
    package.mkdir()
    (package / "zinc.py").write_text("def tidy(check): raise KeyError\n")
    (package / "pyproject.toml").write_text(
        '[project]\nname = "zinc-tools"\nversion = "2"\n'
        '[project.entry-points."dateline.stages"]\ntidy_gazette = "zinc:tidy"\n'
    )
    with installed(package, "zinc"):
        assert run_stages(check_of("https://gazette.example/1", section="Biz")).article
    assert capsys.readouterr().err == (
        "dateline: stage tidy_gazette of zinc-tools 2 is left out: "
        "gazette-tools 1.0 has one of the same name\n"
    )


def test_a_service_of_another_name_or_of_one_of_the_projects_own_is_refused() -> None:
    from archive.errors import UsageError
    from crawler.services import accept_search_service
    from crawler.services.gdelt import Gdelt

    for name, why in (("gdelt", "has a service of the same name"), ("gdolt", "is not that of")):
        with pytest.raises(UsageError, match=why):
            accept_search_service(name, Gdelt)


def test_a_service_that_raises_is_a_problem_of_the_search_and_ends_nothing(guide: Path) -> None:
    from crawler.services.gdelt import Gdelt
    from crawler.story_search.service_search import ServiceSearch

    search = object.__new__(ServiceSearch)
    search.query = SearchQuery(words=("ferry",))

    def spoilt(service: Any) -> Any:
        def requests(*_: Any) -> Any:
            raise KeyError("tide")

        return type("Spoilt", (type(service),), {"requests": requests})()

    problems = asyncio.run(search.ask_service(spoilt(service_named("gazette"))))
    assert problems == ["The Gazette failed: KeyError: 'tide'"]
    with pytest.raises(KeyError):
        asyncio.run(search.ask_service(spoilt(Gdelt())))


def test_nothing_is_looked_up_where_nothing_is_used() -> None:
    import subprocess

    code = "import sys, crawler.cli.main; print('archive.extensions' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
