"""What strangers get of an archive that is served with `--public`, and what they do not."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import urllib.request
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from datasette.app import Datasette

import archive.cli.read_commands
from archive.cli.base import cli
from archive.cli.serving.serve import (
    DATASETTE_SETTINGS,
    PUBLIC_DATASETTE_SETTINGS,
    ServeOptions,
    datasette_arguments,
)
from archive.errors import ArchiveError
from archive.plugin.guards.public import is_open_to_all
from archive.plugin.metadata import canned_queries
from archive.queries.lookup import stored_page
from archive.storage.snapshot import archive_snapshot
from bench.visitors import Attack, Server
from tests.archive.room import PAGES, STORY, furnish
from tests.archive.served import PATIENT_SETTINGS, configured

assert archive.cli.read_commands


OPEN = (
    *PAGES,
    f"/archive/-/story/{STORY}.atom",
    f"/archive/-/story/{STORY}.html",
    f"/archive/-/story/{STORY}.csv",
    "/archive/articles/1.json",
    "/archive/search?words=ferry",
    "/archive/newest.json?_shape=array",
    "/archive/all_outlets.csv",
    "/robots.txt",
    "/-/static/app.css",
)

CLOSED = (
    "/archive/articles",
    "/archive/articles.json",
    "/archive/articles.csv?_stream=on",
    "/archive/coverage?_where=1=1",
    "/archive/urls",
    "/archive/urls/1",
    "/archive/outlets/1",
    "/archive/sqlite_master",
    "/archive/articles_fts_data/1",
    "/archive/_sqlite_migrations",
    "/archive.json?sql=select+1",
    "/archive.csv?sql=select+1",
    "/archive.db",
    "/archive/-/query?sql=select+1",
    "/archive/-/query.json?sql=select+1",
    "/archive/-/schema",
    "/archive/-/queries",
    "/archive/newest/-/definition",
    "/_memory",
    "/_internal",
    "/.json",
    "/-/",
    "/-/versions",
    "/-/versions.json",
    "/-/plugins.json",
    "/-/settings.json",
    "/-/config.json",
    "/-/metadata.json",
    "/-/databases.json",
    "/-/threads.json",
    "/-/actor.json",
    "/-/permissions",
    "/-/allow-debug",
    "/-/messages",
    "/-/patterns",
    "/-/schema",
    "/-/jump.json",
    "/-/logout/x",
    "/-/login/../versions",
)


def opened(folder: Path, **more: Any) -> Datasette:
    """A Datasette that was told to be public, on the file itself."""
    told = {
        "plugins": {"dateline": {"public": True, **more.pop("plugin", {})}},
        **more.pop("told", {}),
    }
    settings = PATIENT_SETTINGS | more.pop("settings", {})
    return Datasette([str(folder / "archive.db")], settings=settings, **configured(told), **more)


def ask(datasette: Datasette, path: str, actor: str | None = None, **options: Any) -> Any:
    async def asked() -> Any:
        if actor:
            options["cookies"] = {"ds_actor": datasette.sign({"a": {"id": actor}}, "actor")}
        method = "post" if "data" in options else "get"
        return await getattr(datasette.client, method)(path, **options)

    return asyncio.run(asked())


@pytest.fixture
def public(folder: Path) -> Datasette:
    return opened(furnish(folder))


@pytest.mark.slow
def test_strangers_read_the_pages_and_the_canned_queries(public: Datasette) -> None:
    for path in (*OPEN, *(f"/archive/{name}" for name in canned_queries())):
        assert ask(public, path).status_code == 200, path


def test_strangers_get_nothing_else(public: Datasette) -> None:
    for path in CLOSED:
        answer = ask(public, path)
        assert answer.status_code == 404, path
        if path.partition("?")[0].endswith((".json", ".csv")):
            assert "Nothing is at" in answer.text, path
        else:
            assert "There is no such page" in answer.text or "There is no article" in answer.text
            assert '<nav aria-label="Archive">' in answer.text, path


def test_what_nobody_thought_of_is_closed() -> None:
    for path in (
        "/archive/anything",
        "/anything",
        "/archive/articles/1/x.json",
        "/archive/newest/x",
        "/other/newest",
    ):
        assert not is_open_to_all(path, ["archive"])


def test_a_strangers_own_sql_is_refused_by_the_door_and_by_datasette(public: Datasette) -> None:
    answer = ask(public, "/archive?sql=select+1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/archive/-/home")
    for actor in (None, "mara"):
        allowed = _may_ask_in_sql(public, {"id": actor} if actor else None)
        assert not asyncio.run(allowed)


async def _may_ask_in_sql(datasette: Datasette, actor: Any) -> bool:
    from archive.plugin.guards.permissions import may_run_sql

    await datasette.invoke_startup()
    return await may_run_sql(datasette, actor, "archive")


def test_root_asks_in_sql_and_sees_the_tables(public: Datasette) -> None:
    if hasattr(public, "root_enabled"):
        public.root_enabled = True
    answer = ask(
        public, "/archive.json?sql=select+7+as+n&_shape=array", "root", follow_redirects=True
    )
    assert answer.json() == [{"n": 7}]
    assert ask(public, "/archive/articles", "root").status_code == 200


def test_who_is_named_asks_in_sql_and_others_who_signed_in_do_not(folder: Path) -> None:
    datasette = opened(furnish(folder), told={"allow_sql": {"id": "mara"}})
    path = "/archive.json?sql=select+7+as+n&_shape=array"
    assert ask(datasette, path, "mara", follow_redirects=True).status_code == 200
    assert ask(datasette, path, "joe", follow_redirects=True).status_code == 403


@pytest.mark.slow
def test_the_pages_offer_strangers_no_way_to_what_they_do_not_get(public: Datasette) -> None:
    for path in PAGES:
        page = ask(public, path).text
        for way in ('href="/archive"', "?sql=", 'href="/archive/articles"', 'href="/archive/urls"'):
            assert way not in page, (path, way)


def test_nothing_that_a_stranger_sends_is_read(public: Datasette) -> None:
    for path in (
        f"/archive/-/story/{STORY}/verdict",
        "/archive/articles/-/insert",
        "/archive",
        "/-/messages",
    ):
        assert ask(public, path, data={"article": "8", "word": "not"}).status_code in (403, 404)


def test_search_engines_are_asked_to_stay_away(public: Datasette) -> None:
    assert ask(public, "/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert "noindex" in ask(public, "/archive/articles/1").headers["x-robots-tag"]


@pytest.mark.slow
def test_no_answer_to_a_stranger_tells_of_the_machine(folder: Path, public: Datasette) -> None:
    errors = (
        "/archive/search?words=%00",
        "/archive/articles/999999999999999999.json",
        "/archive/articles/1.xyz",
    )
    for path in (*OPEN, *CLOSED, *errors):
        text = ask(public, path).text.replace(path, "")  # what was asked for is named
        for leak in (str(folder), "Traceback", "site-packages", "archive.db"):
            assert leak not in text, (path, leak)


def test_a_base_url_moves_the_door_with_the_house(folder: Path) -> None:
    datasette = opened(furnish(folder), settings={"base_url": "/news/"})
    # the client puts the base_url in front
    assert ask(datasette, "/archive/-/home").status_code == 200
    assert ask(datasette, "/archive/articles").status_code == 404
    assert ask(datasette, "/-/versions.json").status_code == 404
    assert (
        ask(datasette, "/archive", follow_redirects=False).headers["location"]
        == "/news/archive/-/home"
    )


def test_a_server_that_has_names_answers_to_no_other(folder: Path) -> None:
    datasette = opened(folder, plugin={"hosts": ["news.example"]})
    for host, status in (("news.example", 200), ("NEWS.example:8001", 200), ("evil.example", 421)):
        assert ask(datasette, "/archive/-/home", headers={"host": host}).status_code == status, host


# -- the copy that is served -----------------------------------------------------------------------


def test_the_copy_is_the_archive_of_one_moment(folder: Path) -> None:
    with archive_snapshot(folder) as copy:
        with sqlite3.connect(folder / "archive.db") as connection:
            connection.execute("UPDATE articles SET headline = 'Unpublished'")
        with sqlite3.connect(f"file:{copy}?immutable=1", uri=True) as connection:
            heads = {head for (head,) in connection.execute("SELECT headline FROM articles")}
        assert "Ferry crews strike" in heads
        assert "Unpublished" not in heads
        assert copy.name == "archive.db"  # so that addresses stay
        assert copy.stat().st_mode & 0o777 == 0o400
    assert not copy.parent.exists()
    assert {path.name for path in folder.iterdir()} <= {
        "archive.db",
        "archive.db-wal",
        "archive.db-shm",
        "captures.db",
    }


def test_what_was_deleted_is_not_in_the_copy(folder: Path) -> None:
    with sqlite3.connect(folder / "archive.db") as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("INSERT INTO outlets (host, added_at) VALUES ('taken-back.example', '')")
        connection.commit()
        connection.execute("DELETE FROM outlets WHERE host = 'taken-back.example'")
    with archive_snapshot(folder) as copy:
        assert b"taken-back" not in copy.read_bytes()


def test_without_an_archive_nothing_is_copied(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError), archive_snapshot(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_public_means_immutable_and_without_downloads() -> None:
    called = datasette_arguments(
        [Path("archive.db")], ["--metadata", "told.json"], ServeOptions(public=True)
    )
    assert called[:2] == ["--immutable", "archive.db"]
    settings = {
        called[at + 1]: called[at + 2] for at, word in enumerate(called) if word == "--setting"
    }
    assert settings == {
        name: str(value).lower()
        for name, value in (DATASETTE_SETTINGS | PUBLIC_DATASETTE_SETTINGS).items()
    }
    assert (
        settings["allow_download"]
        == settings["default_allow_sql"]
        == settings["allow_csv_stream"]
        == "false"
    )


def test_a_setting_that_is_given_wins() -> None:
    called = datasette_arguments(
        [Path("archive.db")],
        ["--metadata", "told.json"],
        ServeOptions(settings=(("sql_time_limit_ms", "3000"),)),
    )
    assert called[called.index("sql_time_limit_ms") + 1] == "3000"


@pytest.mark.parametrize(
    ("how", "names"),
    [
        (ServeOptions(), ["127.0.0.1", "localhost", "[::1]"]),
        (ServeOptions(host="0.0.0.0"), []),
        (ServeOptions(public=True), []),
        (
            ServeOptions(public=True, names=("News.example",)),
            ["news.example", "127.0.0.1", "localhost", "[::1]"],
        ),
    ],
)
def test_on_this_machine_alone_the_server_answers_to_this_machines_names(
    how: ServeOptions, names: list[str]
) -> None:
    assert how.hosts == names


def test_a_name_that_is_none_is_said_in_one_line(folder: Path) -> None:
    done = CliRunner().invoke(
        cli, ["serve", "--archive", str(folder), "--name", "https://news.example/"]
    )
    assert done.exit_code == 2
    assert "--name https://news.example/: not a host name" in done.output


# -- as a process ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_serve_public_says_what_is_public_and_cleans_up(folder: Path) -> None:
    with Server(furnish(folder), "--public") as server:
        assert re.search(
            r"a copy of .*, made just now, at http://127\.0\.0\.1:\d+/: its pages, .* canned queries "
            r"are public; tables and SQL are not, and nothing can be written",
            server.said,
        )
        assert list(folder.glob(".public-*"))
        assert server.ask(Attack("", "/archive/newest.json")).status == 200
        assert server.ask(Attack("", "/archive/articles")).status == 404
        # no lock of the server's
        with sqlite3.connect(folder / "archive.db", timeout=1) as connection:
            connection.execute("DELETE FROM story_articles")
        assert b"Ferry crews strike" in server.ask(Attack("", f"/archive/-/story/{STORY}")).body
    assert not list(folder.glob(".public-*"))


@pytest.mark.slow
def test_serve_root_prints_an_address_that_signs_in_who_may_judge(folder: Path) -> None:
    with Server(furnish(folder), "--root") as server:
        link = server.line(r"http://\S+/-/auth-token\?token=\w+")
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        story = f"http://127.0.0.1:{server.port}/archive/-/story/{STORY}"
        with browser.open(story) as page:
            assert "/verdict" not in page.read().decode()
        browser.open(link).close()
        with browser.open(story) as page:
            assert f'action="/archive/-/story/{STORY}/verdict"' in page.read().decode()


@pytest.mark.slow
def test_another_sites_name_for_this_machine_gets_nothing(folder: Path) -> None:
    with Server(folder) as server:
        assert (
            server.ask(Attack("", "/archive/articles.json", headers=("Host: evil.example",))).status
            == 421
        )
        settings = server.ask(
            Attack("", "/-/settings.json", headers=(f"Host: localhost:{server.port}",))
        )
        assert json.loads(settings.body)["sql_time_limit_ms"] == 1000


@pytest.mark.parametrize("public", [False, True])
def test_the_page_of_an_article_is_saved_and_never_shown_and_a_public_archive_has_none(
    folder: Path, public: bool
) -> None:
    with closing(sqlite3.connect(folder / "archive.db")) as archive:
        id, digest = archive.execute(
            "SELECT id, digest FROM articles WHERE digest IS NOT NULL"
        ).fetchone()
    datasette = opened(folder, plugin={"public": public})
    link = f"/archive/articles/{id}/capture"
    assert (f'{link}"' in ask(datasette, f"/archive/articles/{id}").text) is not public
    answer = ask(datasette, link)
    if public:
        assert answer.status_code == 404
    else:
        assert answer.content == stored_page(folder, digest)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    missing = ask(datasette, "/archive/articles/999/capture")
    assert missing.status_code == 404
    assert str(folder) not in missing.text
