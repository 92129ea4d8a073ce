"""What users add to a site: questions, pages, sources of other hosts, Datasette's own files."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from archive.cli.serving.datasette_files import DatasetteFiles, metadata_of_settings
from archive.cli.serving.serve import (
    ServeOptions,
    datasette_arguments,
    plugin_metadata,
    whole_configuration,
)
from archive.errors import UsageError
from archive.extensions import report_extension_problem
from archive.plugin.extending.content_policy import parse_allowed_sources, widened_policy
from archive.plugin.guards.middleware import DATASETTE_CONTENT_POLICY
from archive.plugin.page_requests import FILE_CONTENT_POLICY, PAGE_CONTENT_POLICY
from tests.archive.conftest import fill

VERSION_0 = not hasattr(Datasette, "allowed")

QUESTIONS = """
[strikes]
title = "Strikes"
description = "Articles on strikes."
group = "Our desk"
params = ["outlet"]
sql = '''
SELECT id AS article, published_at, headline FROM coverage
WHERE headline LIKE '%strike%' AND (coalesce(:outlet, '') = '' OR outlet = :outlet)'''

[by_language]
title = "Languages of our outlets"
sql = "SELECT language, count(*) AS articles FROM articles GROUP BY 1 ORDER BY 2 DESC"
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with questions beside it, which no test changes."""
    folder = fill(tmp_path_factory.mktemp("filled"))
    (folder / "questions.toml").write_text(QUESTIONS, "utf-8")
    return folder


def opened(folder: Path, plugin: dict[str, Any] | None = None, **more: Any) -> Datasette:
    """A Datasette on an archive, with a configuration of the archive's plugin."""
    told = {"plugins": {"dateline": plugin or {}}}
    where = {"metadata": told} if VERSION_0 else {"config": told}
    settings = {"sql_time_limit_ms": 10_000}
    return Datasette([str(folder / "archive.db")], settings=settings, **where, **more)


def get(site: Datasette, path: str) -> Any:
    return asyncio.run(site.client.get(path))


# -- questions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("plugin", [{}, {"public": True}], ids=["private", "public"])
def test_questions_beside_an_archive_are_asked_like_the_projects_own(
    filled: Path, plugin: dict[str, Any]
) -> None:
    site = opened(filled, plugin)
    listed = get(site, "/archive/-/questions").text
    assert "<h2 id=" in listed
    assert ">Our desk</h2>" in listed
    assert ">Own questions</h2>" in listed
    assert '<a href="/archive/strikes">Strikes</a>' in listed
    assert ">Coverage</h2>" in listed
    page = get(site, "/archive/strikes").text
    assert 'name="outlet"' in page
    assert 'href="/archive/articles/1">Ferry crews strike</a>' in page
    rows = get(site, "/archive/strikes.json?outlet=harbour.example&_shape=array").json()
    assert [row["article"] for row in rows] == [1]
    assert get(site, "/archive/strikes.json?outlet=ridge.example&_shape=array").json() == []
    assert get(site, "/archive/strikes.csv").text.startswith("article,published_at,headline")
    feed = get(site, "/archive/strikes.atom")
    assert (feed.status_code, "<title>Strikes</title>" in feed.text) == (200, True)
    assert "<svg" in get(site, "/archive/by_language").text


def test_questions_that_the_configuration_names_are_asked_in_a_public_copy_too(
    tmp_path: Path, filled: Path
) -> None:
    shutil.copy(filled / "archive.db", tmp_path / "archive.db")
    site = opened(tmp_path, {"public": True, "questions": [str(filled / "questions.toml")]})
    assert get(site, "/archive/strikes").status_code == 200
    assert get(site, "/archive/strikes/x").status_code == 404
    assert get(opened(tmp_path, {"public": True}), "/archive/strikes").status_code == 404


def test_a_plain_datasette_leaves_out_a_wrong_file_with_one_line(
    tmp_path: Path, filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_extension_problem.cache_clear()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[late]\ntitle = "Late"\nsql = "SELECT tide FROM articles"\n')
    site = opened(filled, {"questions": [str(wrong)]})
    assert get(site, "/archive/strikes").status_code == 200
    assert get(site, "/archive/late").status_code == 404
    assert capsys.readouterr().err == (
        f"dateline: questions are left out: {wrong}: [late] sql: no such column: tide\n"
    )


WRONG_QUESTIONS = {
    "[a": "not readable as TOML",
    "a = 1": r"\[a\]: not a table",
    '[Tides]\ntitle = "T"\nsql = "SELECT 1"': r"\[Tides\]: not a name",
    '[newest]\ntitle = "T"\nsql = "SELECT 1"': r"\[newest\]: there is another question",
    '[articles]\ntitle = "T"\nsql = "SELECT 1"': r"\[articles\]: a table has this name",
    '[a]\nsql = "SELECT 1"': r"\[a\] title: missing or empty",
    '[a]\ntitle = "T"\nsql = " "': r"\[a\] sql: missing or empty",
    '[a]\ntitle = "T"\nsql = "SELECT 1"\ncolour = "x"': r"\[a\] colour: unknown key",
    '[a]\ntitle = 1\nsql = "SELECT 1"': r"\[a\] title: must be a text",
    '[a]\ntitle = "T"\nsql = "SELECT 1"\nparams = "x"': r"\[a\] params: must be a list",
    '[a]\ntitle = "T"\nsql = "SELECT 1"\nparams = ["x"]': r"\[a\] params: x is not in the SQL",
    '[a]\ntitle = "T"\nsql = "SELECT :x, :y"\nparams = ["x"]': r"\[a\] params: :y of the SQL",
    '[a]\ntitle = "T"\nsql = "SELEC 1"': r"\[a\] sql: near \"SELEC\"",
    '[a]\ntitle = "T"\nsql = "SELECT 1; SELECT 2"': r"\[a\] sql: You can only execute one",
    '[a]\ntitle = "T"\nsql = "DELETE FROM articles"': r"\[a\] sql: must be a SELECT",
    '[a]\ntitle = "T"\nsql = "WITH x AS (SELECT 1) DELETE FROM notes"': r"must be a SELECT",
    '[a]\ntitle = "T"\nsql = "PRAGMA user_version = 3"': r"\[a\] sql: not authorized",
    '[a]\ntitle = "T"\nsql = "SELECT zeroblob(9)"': r"\[a\] sql: not authorized",
}


@pytest.mark.parametrize("text", WRONG_QUESTIONS)
def test_wrong_questions_are_refused_with_file_question_and_key(
    filled: Path, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=WRONG_QUESTIONS[text]) as told:
        whole_configuration(filled, ServeOptions(questions=(file,)))
    assert str(told.value).startswith(f"{file}: ")
    assert "\n" not in str(told.value)


def test_a_file_with_questions_that_is_not_there_is_refused(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read"):
        whole_configuration(filled, ServeOptions(questions=(tmp_path / "none.toml",)))


def test_parameters_are_found_where_a_question_names_none(filled: Path) -> None:
    site = opened(filled)
    page = get(site, "/archive/by_language").text
    assert 'name="outlet"' not in page


# -- the content security policy -------------------------------------------------------------------


def test_a_source_is_added_to_the_policy_of_every_page_and_of_no_file(filled: Path) -> None:
    site = opened(
        filled, {"content_security_policy": ["img-src https://tiles.example", "connect-src 'self'"]}
    )
    for path in ("/", "/archive/-/search", "/archive/articles", "/archive/strikes", "/nothing"):
        policy = get(site, path).headers["content-security-policy"]
        assert "img-src 'self' data: https://tiles.example" in policy, path
        assert "connect-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
    atom = get(site, "/archive/-/search.atom?words=ferry").headers["content-security-policy"]
    assert "tiles.example" not in atom


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("img-src https://tiles.example", "img-src 'self' data: https://tiles.example"),
        ("img-src data: https://a.example", "img-src 'self' data: https://a.example"),
        ("font-src https://fonts.example:8443/a/", "font-src https://fonts.example:8443/a/"),
        ("frame-src https://*.video.example", "frame-src https://*.video.example"),
        ("style-src 'unsafe-inline'", "style-src 'self' 'unsafe-inline'"),
        ("script-src https://maps.example", "script-src 'self' https://maps.example"),
        ("script-src 'unsafe-eval' accept-risk", "script-src 'self' 'unsafe-eval'"),
    ],
)
def test_a_policy_is_widened_by_what_is_allowed_and_nothing_else(allowed: str, said: str) -> None:
    widened = widened_policy(PAGE_CONTENT_POLICY, parse_allowed_sources([allowed]))
    parts = widened.split("; ")
    assert said in parts
    rest = [part for part in parts if part.split()[0] != allowed.split(maxsplit=1)[0]]
    assert set(rest) <= set(PAGE_CONTENT_POLICY.split("; "))


def test_inline_scripts_that_are_allowed_are_not_undone_by_the_nonce() -> None:
    policy = DATASETTE_CONTENT_POLICY.format(nonce="abc")
    widened = widened_policy(
        policy, parse_allowed_sources(["script-src 'unsafe-inline' accept-risk"])
    )
    assert "script-src 'self' 'unsafe-inline';" in widened
    assert widened_policy(policy, {}) == policy
    assert widened_policy(FILE_CONTENT_POLICY, {"img-src": ("data:",)}) == FILE_CONTENT_POLICY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "img-src",
        "img-src accept-risk",
        "default-src https://a.example",
        "frame-ancestors https://a.example",
        "form-action https://a.example",
        "object-src https://a.example",
        "script-src-attr 'unsafe-hashes'",
        "report-uri https://a.example",
        "img-src https://a.example; script-src *",
        "img-src https://a.example;",
        "img-src https://a.example,https://b.example",
        "img-src *",
        "img-src https:",
        "img-src a.example",
        "img-src https://a.example\r\nset-cookie:x",
        "img-src 'none'",
        "img-src javascript:alert(1)",
        "img-src https://ä.example",
        "script-src 'unsafe-inline'",
        "script-src 'unsafe-eval'",
        "script-src data:",
        "worker-src blob:",
        "script-src 'strict-dynamic' accept-risk",
    ],
)
def test_what_would_break_out_of_the_policy_is_refused_in_one_line(filled: Path, text: str) -> None:
    with pytest.raises(UsageError) as told:
        whole_configuration(filled, ServeOptions(allowed_sources=(text,)))
    assert len(str(told.value).splitlines()) == 1


# -- pages of plugins and files of the site --------------------------------------------------------


def test_strangers_see_the_files_of_a_site_and_the_pages_that_are_opened(
    filled: Path, tmp_path: Path
) -> None:
    (tmp_path / "map.js").write_text("1")
    site = opened(
        filled,
        {"public": True, "open_pages": ["/-/actor.json"]},
        static_mounts=[("maps", str(tmp_path))],
    )
    assert get(site, "/maps/map.js").status_code == 200
    assert get(site, "/-/actor.json").status_code == 200
    assert get(site, "/-/versions.json").status_code == 404
    assert get(site, "/archive/articles").status_code == 404


# -- Datasette's own files -------------------------------------------------------------------------


def options(tmp_path: Path, metadata: object = None, config: object = None) -> ServeOptions:
    """Options with files of this content."""
    paths: dict[str, Path] = {}
    for name, content in (("metadata", metadata), ("config", config)):
        if content is not None:
            paths[name] = tmp_path / f"{name}.json"
            paths[name].write_text(content if isinstance(content, str) else json.dumps(content))
    return ServeOptions(public=True, files=DatasetteFiles(**paths))


def test_the_users_descriptions_win_and_the_guards_stay(filled: Path, tmp_path: Path) -> None:
    table = {"description": "Our own articles", "columns": {"url": "where it stood"}}
    how = options(
        tmp_path,
        metadata={
            "title": "Ours",
            "databases": {"archive": {"tables": {"articles": table}}},
            "plugins": {"dateline": {"public": False, "hosts": ["evil.example"]}},
        },
        config={"plugins": {"datasette-other": {"colour": "red"}}},
    )
    whole = whole_configuration(filled, how)
    assert whole["title"] == "Ours"
    assert whole["plugins"]["dateline"]["public"] is True
    assert whole["plugins"]["dateline"]["hosts"] == []
    assert whole["plugins"]["datasette-other"] == {"colour": "red"}
    metadata = metadata_of_settings(whole)
    assert "plugins" not in metadata
    told = {"metadata": whole} if VERSION_0 else {"metadata": metadata, "config": whole}
    site = Datasette([str(filled / "archive.db")], **told)

    async def texts() -> Any:
        await site.invoke_startup()
        if VERSION_0:
            about = site.metadata("columns", database="archive", table="articles")
            return site.metadata("description", database="archive", table="articles"), about["url"]
        row = await site.get_resource_metadata("archive", "articles")
        column = await site.get_column_metadata("archive", "articles", "url")
        return row["description"], column["description"]

    assert asyncio.run(texts()) == ("Our own articles", "where it stood")
    assert "<title>Archive" not in get(site, "/").text
    assert "Ours</title>" in get(site, "/").text


def test_a_title_on_the_command_line_wins_over_that_of_a_file(filled: Path, tmp_path: Path) -> None:
    files = options(tmp_path, metadata={"title": "Ours"}).files
    whole = whole_configuration(filled, ServeOptions(title="Today", files=files))
    assert whole["title"] == "Today"


def test_settings_of_a_file_hold_except_where_the_public_is_concerned(
    filled: Path, tmp_path: Path
) -> None:
    how = options(tmp_path, config="settings:\n  default_page_size: 7\n  allow_csv_stream: true\n")
    whole = whole_configuration(filled, how)
    pairs = [(name, str(value)) for name, value in whole["settings"].items()]
    called = datasette_arguments([filled / "archive.db"], [], how, pairs)
    assert called[called.index("default_page_size") + 1] == "7"
    assert called[called.index("allow_csv_stream") + 1] == "false"


def test_lists_of_the_command_line_are_added_to_those_of_a_file(
    filled: Path, tmp_path: Path
) -> None:
    plugin = {"content_security_policy": "img-src https://a.example", "verdict": {"id": "mara"}}
    files = options(tmp_path, config={"plugins": {"dateline": plugin}}).files
    how = ServeOptions(
        allowed_sources=("img-src https://b.example",), open_pages=("-/maps/",), files=files
    )
    settings = whole_configuration(filled, how)["plugins"]["dateline"]
    assert settings["content_security_policy"] == [
        "img-src https://a.example",
        "img-src https://b.example",
    ]
    assert settings["open_pages"] == ["/-/maps"]
    assert settings["verdict"] == {"id": "mara"}
    assert settings["questions"] == [str(filled / "questions.toml")]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ("{", "neither JSON nor YAML"),
        ("[1]", "not a table"),
        ("at: 2026-03-01", "a value that JSON cannot have"),
        ('{"plugins": 3}', "plugins: must be a table"),
        ('{"plugins": {"dateline": 3}}', "plugins: must be a table"),
        ('{"settings": 3}', "settings: must be a table"),
        ('{"plugins": {"dateline": {"questions": 3}}}', "questions: must be a list"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    filled: Path, tmp_path: Path, metadata: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        whole_configuration(filled, options(tmp_path, metadata=metadata))


@pytest.mark.parametrize("mount", ["maps", ":x", "maps:", "maps:/none/such"])
def test_a_static_folder_is_a_name_and_a_folder_that_is_there(filled: Path, mount: str) -> None:
    with pytest.raises(UsageError, match=f"--static {mount}"):
        whole_configuration(filled, ServeOptions(files=DatasetteFiles(static=(mount,))))


def test_the_folders_are_passed_through_to_datasette(tmp_path: Path) -> None:
    files = DatasetteFiles(
        plugins_dir=tmp_path, template_dir=tmp_path, static=(f"maps:{tmp_path}",)
    )
    called = datasette_arguments([tmp_path / "archive.db"], [], ServeOptions(files=files))
    at = called.index("--plugins-dir")
    assert called[at : at + 6] == [
        "--plugins-dir", str(tmp_path), "--template-dir", str(tmp_path), "--static", f"maps:{tmp_path}",
    ]  # fmt: skip
    assert "questions" not in plugin_metadata(ServeOptions())["plugins"]["dateline"]
