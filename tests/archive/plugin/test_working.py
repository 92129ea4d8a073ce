"""Working in the pages: who may follow, note, pause and save, and what then happens."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.errors import DatelineError
from archive.outlet_preview import OutletPreview, PreviewedSource, set_outlet_previewer
from archive.plugin.guards.read_pool import PageReaders
from archive.records import Outlet, Source
from archive.removal.serving import RemovalPolicies, set_removal_policies
from archive.storage.snapshot import PRIVATE_TABLES
from archive.story_policy import set_story_policy
from pipelines.identity import identify_source
from pipelines.policies import archive_policies
from pipelines.topics.stories import STORY_POLICY
from pipelines.urls import url_key
from tests.archive.room import PAGES, STORY, furnish
from tests.archive.served import Visitor, configured
from tests.patience import until

FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "follow an article": ("follow", {"article": "1", "name": "ferry-strike"}),
    "follow an event": ("follow", {"event": "1", "name": "ferry-event"}),
    "add an article to a story": ("add-to-story", {"article": "5", "story": STORY}),
    "write a note": ("note", {"about": "article:1", "text": "They confirm."}),
    "look an outlet up": ("outlets/look", {"host": "new.example"}),
    "pause an outlet": ("outlet/ridge.example/pause", {}),
    "remove an outlet": ("outlet/silent.example/remove", {}),
    "remove an article": ("remove", {"article": "5", "reason": "a letter"}),
    "save a search": ("searches/save", {"name": "Ferries", "words": "ferry"}),
}
"""A form of each kind, as the pages send it."""


@pytest.fixture
def room(folder: Path) -> Path:
    return furnish(folder)


@pytest.fixture(autouse=True)
def serving() -> Iterator[None]:
    """What `dateline serve` hands in."""
    set_story_policy(lambda: STORY_POLICY)
    set_removal_policies(RemovalPolicies(archive_policies, url_key))
    yield
    set_story_policy(None)
    set_removal_policies(None)
    set_outlet_previewer(None)


def named(*words: str, **blocks: Any) -> dict[str, Any]:
    """The configuration that lets mara do something."""
    return configured({"plugins": {"dateline": {word: {"id": "mara"} for word in words} | blocks}})


# -- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/archive/articles/1", f"/archive/-/story/{STORY}", "/archive/-/outlets",
             "/archive/-/outlet/ridge.example", "/archive/-/search?words=ferry"],
)  # fmt: skip
def test_a_read_only_archive_shows_one_line_in_place_of_forms(room: Path, path: str) -> None:
    page = Visitor(room, immutable=True).get(path).text
    assert page.count("This archive is served read-only: nothing can be changed here.") == 1
    assert "/-/note" not in page
    assert 'method="post" action="/archive' not in page
    stranger = Visitor(room, None, immutable=True).get(path).text
    assert "read-only" not in stranger


def test_a_file_that_cannot_be_written_is_said_to_be_so(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.plugin.guards.permissions.os.access", lambda *_: False)
    visitor = Visitor(room)
    page = visitor.get("/archive/articles/1").text
    assert "This server may not write the archive&#39;s file" in page
    assert '/-/note"' not in page


def test_each_word_of_the_configuration_allows_one_thing_and_edit_allows_all(room: Path) -> None:
    page = Visitor(room, "mara", **named("note")).get("/archive/articles/1").text
    assert '/-/note"' in page
    assert '/-/follow"' not in page
    page = Visitor(room, "mara", **named("edit")).get("/archive/articles/1").text
    assert '/-/note"' in page
    assert '/-/follow"' in page
    assert '/-/note"' not in Visitor(room, "jo", **named("edit")).get("/archive/articles/1").text


@pytest.mark.parametrize(
    ("path", "reads"),
    [("/archive/articles/1", 2), (f"/archive/-/story/{STORY}", 2), ("/archive/-/search", 2),
     ("/archive/-/outlets", 1), ("/archive/-/stories", 1), ("/archive/articles/8/revisions", 1)],
)  # fmt: skip
def test_only_pages_that_show_notes_or_saved_searches_read_them(
    room: Path, monkeypatch: pytest.MonkeyPatch, path: str, reads: int
) -> None:
    counted: list[str] = []
    read = PageReaders.read

    async def count(self: PageReaders, *given: Any) -> Any:
        counted.append(path)
        return await read(self, *given)

    monkeypatch.setattr(PageReaders, "read", count)
    assert Visitor(room, None).get(path).status_code == 200
    assert len(counted) == reads


# -- stories ---------------------------------------------------------------------------------------


def test_a_story_is_followed_from_an_article_under_the_name_that_its_headline_proposes(
    room: Path,
) -> None:
    visitor = Visitor(room)
    page = visitor.get("/archive/articles/1").text
    assert 'name="name" value="ferry-crews-strike"' in page
    answer = visitor.send("follow", {"article": "1", "name": "my ferries"})
    assert answer.headers["location"] == "/archive/-/story/my-ferries"
    shown = visitor.get("/archive/-/story/my-ferries").text
    assert "You follow my-ferries: it lists" in shown
    assert "Ferry crews strike" in shown
    confirmed = "SELECT article_id FROM story_articles WHERE story_id = 2 AND verdict = 'belongs'"
    assert visitor.rows(confirmed) == [(1,)]


def test_a_story_that_is_followed_from_an_event_confirms_its_articles(room: Path) -> None:
    visitor = Visitor(room)
    assert "Follow this event as a story" in visitor.get("/archive/-/event/1").text
    assert "as a story" not in Visitor(room, None).get("/archive/-/event/1").text
    visitor.send(*FORMS["follow an event"])
    confirmed = "SELECT article_id FROM story_articles WHERE story_id = 2 AND verdict = 'belongs'"
    assert visitor.rows(confirmed) == [(1,), (2,), (7,), (8,)]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"article": "1", "name": STORY}, "a story of this name is followed already"),
        ({"article": "1", "name": ""}, "a story needs a name"),
        ({"article": "1", "name": "!!"}, "is no name for a story"),
        ({"article": "99", "name": "x"}, "99: no such article"),
        ({"article": "x", "name": "x"}, "x: not a number"),
        ({"event": "99", "name": "x"}, "99: no such event"),
    ],
)
def test_a_story_that_cannot_be_followed_is_refused_with_the_reason(
    room: Path, form: dict[str, str], message: str
) -> None:
    visitor = Visitor(room)
    answer = visitor.send("follow", form)
    assert answer.status_code == 302
    assert message in visitor.get("/archive/-/stories").text
    assert visitor.rows("SELECT count(*) FROM stories") == [(1,)]


def test_an_article_is_added_to_a_story_that_is_chosen_from_those_without_it(room: Path) -> None:
    visitor = Visitor(room)
    assert f'<option value="{STORY}"' in visitor.get("/archive/articles/5").text
    assert f'<option value="{STORY}"' not in visitor.get("/archive/articles/1").text  # it is in it
    answer = visitor.send(*FORMS["add an article to a story"])
    assert answer.headers["location"] == "/archive/articles/5"
    assert "part of" in visitor.get("/archive/articles/5").text
    verdict = "SELECT verdict FROM story_articles WHERE article_id = 5"
    assert visitor.rows(verdict) == [("belongs",)]


def test_without_a_policy_a_story_is_followed_and_left_to_the_next_crawl(room: Path) -> None:
    set_story_policy(None)
    visitor = Visitor(room)
    visitor.send(*FORMS["follow an article"])
    assert "the next crawl lists its articles" in visitor.get("/archive/-/stories").text
    assert visitor.rows("SELECT stale FROM stories WHERE name = 'ferry-strike'") == [(1,)]


# -- notes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "path"),
    [
        ("article:1", "/archive/articles/1"),
        ("event:1", "/archive/-/event/1"),
        (f"story:{STORY}", f"/archive/-/story/{STORY}"),
    ],
)
def test_a_note_is_written_edited_and_deleted_where_it_is_shown(
    room: Path, about: str, path: str
) -> None:
    visitor = Visitor(room)
    hostile = "<script>alert(1)</script> They confirm."
    answer = visitor.send("note", {"about": about, "text": hostile})
    assert answer.headers["location"] == f"{path}#note-1"
    page = visitor.get(path).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; They confirm." in page
    assert "<script>alert" not in page
    assert "<bdi>root</bdi>" in page
    assert '<details class="work" data-key="n"><summary>Write a note' in page  # for another note
    visitor.send("note/1/edit", {"about": about, "text": "They deny."})
    page = visitor.get(path).text
    assert "They deny." in page
    assert ", edited" in page
    visitor.send("note/1/delete", {"about": about})
    assert "They deny." not in visitor.get(path).text


@pytest.mark.parametrize(
    "about", ["article:99", "event:99", "story:nope", "outlet:1", "", "article:x"]
)
def test_a_note_on_nothing_is_refused(room: Path, about: str) -> None:
    visitor = Visitor(room)
    answer = visitor.send("note", {"about": about, "text": "text"})
    assert answer.status_code == 302
    assert visitor.rows("SELECT count(*) FROM notes") == [(0,)]


def test_the_dossier_holds_the_notes_and_the_page_of_strangers_in_public_mode_does_not(
    room: Path,
) -> None:
    author = Visitor(room)
    author.send("note", {"about": f"story:{STORY}", "text": "Call the harbour."})
    author.send("note", {"about": "article:1", "text": "Ask Mara again."})
    author.send("searches/save", {"name": "Watch of mine", "words": "ferry"})
    paths = [f"/archive/-/story/{STORY}", "/archive/articles/1", "/archive/-/search"]
    paths += [f"/archive/-/story/{STORY}.{form}" for form in ("txt", "md", "json", "html")]
    told = ("Call the harbour.", "Ask Mara again.", "Watch of mine")
    seen = "".join(author.get(path).text for path in paths)
    assert all(text in seen for text in told)
    stranger = Visitor(room, None, **named(public=True))
    unseen = "".join(stranger.get(path).text for path in paths)
    assert not any(text in unseen for text in told)
    for path in ("/archive/notes", "/archive/notes.json", "/archive/saved_searches/1"):
        assert stranger.get(path).status_code == 404
    signed_in = Visitor(room, "mara", **named(public=True))
    assert "Call the harbour." in signed_in.get(f"/archive/-/story/{STORY}").text


# -- outlets ---------------------------------------------------------------------------------------


def found(host: str) -> OutletPreview:
    feed = identify_source(Source(f"https://{host}/feed.xml", "feed", host))
    other = identify_source(Source(f"https://{host}/sport.xml", "feed", host))
    sources = (
        PreviewedSource(feed, ("Fog over the cape", "<b>Herring</b>")),
        PreviewedSource(other),
    )
    return OutletPreview(Outlet(host, "The New Gazette", "en"), sources)


def look(visitor: Visitor, host: str, previewer: Callable[[str], OutletPreview]) -> str:
    """Look an outlet up, and return the path of the result."""
    set_outlet_previewer(previewer)
    path = str(visitor.send("outlets/look", {"host": host}).headers["location"])
    until(lambda: "refresh" not in visitor.get(path).headers, "the look-up does not end")
    return path


def test_an_outlet_is_shown_with_its_newest_headlines_before_it_is_added_with_chosen_feeds(
    room: Path,
) -> None:
    visitor = Visitor(room)
    path = look(visitor, "new.example", found)
    page = visitor.get(path).text
    assert "Fog over the cape" in page
    assert "&lt;b&gt;Herring&lt;/b&gt;" in page
    assert visitor.rows("SELECT count(*) FROM outlets") == [(5,)]
    form = {
        "token": path.rpartition("/")[2],
        "name": "New Gazette",
        "source": ["https://new.example/feed.xml", "https://evil.example/feed.xml"],
    }
    answer = visitor.send("outlets/add", form)
    assert answer.headers["location"] == "/archive/-/outlet/new.example"
    assert visitor.rows("SELECT host, name FROM outlets WHERE id = 6") == [
        ("new.example", "New Gazette")
    ]
    assert visitor.rows("SELECT url FROM urls WHERE outlet_id = 6") == [
        ("https://new.example/feed.xml",)
    ]


def test_a_look_up_that_fails_says_why_and_adds_nothing(room: Path) -> None:
    def refuse(_: str) -> OutletPreview:
        raise DatelineError("10.0.0.1 is an address of an inner network")

    visitor = Visitor(room)
    path = look(visitor, "inner.example", refuse)
    assert "10.0.0.1 is an address of an inner network. Nothing is added." in visitor.get(path).text
    visitor.send("outlets/add", {"token": path.rpartition("/")[2]})
    assert visitor.rows("SELECT count(*) FROM outlets") == [(5,)]


def test_a_look_up_is_seen_only_by_those_who_may_add(room: Path) -> None:
    visitor = Visitor(room)
    path = look(visitor, "new.example", found)
    assert visitor.get(path).status_code == 200
    visitor.cookies.pop("ds_actor")
    assert visitor.get(path).status_code == 403
    assert Visitor(room).get(path).status_code == 404  # another server does not know the token


def test_a_server_that_cannot_look_up_says_how_to_add_an_outlet(room: Path) -> None:
    visitor = Visitor(room)
    visitor.send("outlets/look", {"host": "new.example"})
    assert "`dateline outlet add HOST`" in visitor.get("/archive/-/outlets").text


def test_an_outlet_is_paused_shown_as_paused_and_resumed(room: Path) -> None:
    visitor = Visitor(room)
    visitor.send("outlet/ridge.example/pause", {})
    assert "<strong>paused</strong>" in visitor.get("/archive/-/outlets").text
    page = visitor.get("/archive/-/outlet/ridge.example").text
    assert "Paused since" in page
    assert "/outlet/ridge.example/resume" in page
    visitor.send("outlet/ridge.example/resume", {})
    assert "Paused since" not in visitor.get("/archive/-/outlet/ridge.example").text


def test_only_an_outlet_without_articles_is_removed(room: Path) -> None:
    visitor = Visitor(room)
    assert "/remove" not in visitor.get("/archive/-/outlet/ridge.example").text
    visitor.send("outlet/ridge.example/remove", {})
    assert "only an outlet without any can be removed" in visitor.get("/archive/-/outlets").text
    assert "/remove" in visitor.get("/archive/-/outlet/silent.example").text
    visitor.send("outlet/silent.example/remove", {})
    assert visitor.get("/archive/-/outlet/silent.example").status_code == 404


# -- searches --------------------------------------------------------------------------------------


def test_a_search_is_saved_with_its_filters_listed_and_removed(room: Path) -> None:
    visitor = Visitor(room)
    page = visitor.get("/archive/-/search?words=ferry&outlet=ridge.example").text
    assert 'name="filter-outlet" value="ridge.example"' in page
    form = {"name": "Ferries of the ridge", "words": "ferry", "filter-outlet": "ridge.example"}
    answer = visitor.send("searches/save", form)
    assert answer.headers["location"] == "/archive/-/search?words=ferry&outlet=ridge.example"
    for path in ("/archive/-/search", "/archive/-/home"):
        page = visitor.get(path).text
        assert "/archive/-/search?words=ferry&amp;outlet=ridge.example" in page
        assert "Ferries of the ridge" in page
    visitor.send("searches/remove", {"name": "Ferries of the ridge"})
    assert "words=ferry&amp;outlet=ridge.example" not in visitor.get("/archive/-/home").text


@pytest.mark.slow
def test_strangers_in_public_mode_find_no_notes_saved_searches_or_alerts(room: Path) -> None:
    Visitor(room).send("note", {"about": f"story:{STORY}", "text": "Only for us."})
    Visitor(room).send("searches/save", {"name": "Our watch", "words": "ferry"})
    with sqlite3.connect(room / "archive.db") as connection:
        connection.execute(
            """INSERT INTO alerts (kind, subject, created_at, after_article_id, after_revision_id)
            VALUES ('search', 'zeppelin', '2024', 0, 0)"""
        )
        connection.execute("INSERT INTO alert_targets (alert_id, label) VALUES (1, 'desk.example')")
    stranger = Visitor(room, None, **named(public=True))
    files = [f"/archive/-/story/{STORY}.{form}" for form in ("html", "md", "txt", "json", "atom")]
    tables = [
        f"/archive/{table}{form}" for table in PRIVATE_TABLES for form in ("", ".json", ".csv")
    ]
    shown = {path: stranger.get(path) for path in (*PAGES, *files, *tables)}
    assert {shown[path].status_code for path in tables} == {404}
    assert {shown[path].status_code for path in files} == {200}
    for secret in ("Only for us.", "Our watch", "zeppelin", "desk.example"):
        assert [path for path, answer in shown.items() if secret in answer.text] == [], secret


# -- signing in ------------------------------------------------------------------------------------


def proxied(room: Path, header: dict[str, str], **config: Any) -> Visitor:
    given = {"proxy_user_header": "X-Remote-User", "edit": {"id": "*"}, **config}
    visitor = Visitor(room, None, **named(**given))
    visitor.headers = header
    return visitor


def test_a_proxy_on_this_machine_says_who_is_signed_in(room: Path) -> None:
    visitor = proxied(room, {"X-Remote-User": "mara"}, proxy_on_loopback=True)
    visitor.send(*FORMS["write a note"])
    assert visitor.rows("SELECT author, text FROM notes") == [("mara", "They confirm.")]


def test_a_proxy_elsewhere_is_known_by_its_secret(room: Path) -> None:
    for sent, status in (("harbour", 302), ("wrong", 403), ("", 403)):
        header = {"X-Remote-User": "mara", "X-Dateline-Proxy-Secret": sent}
        visitor = proxied(room, header, proxy_secret="harbour")
        assert visitor.send(*FORMS["write a note"]).status_code == status


@pytest.mark.parametrize("config", [{}, {"proxy_on_loopback": False}])
def test_a_header_of_anybody_else_signs_nobody_in(room: Path, config: dict[str, Any]) -> None:
    visitor = proxied(room, {"X-Remote-User": "mara"}, **config)
    assert visitor.send(*FORMS["write a note"]).status_code == 403


def test_a_header_that_was_sent_twice_or_names_several_people_signs_nobody_in(room: Path) -> None:
    """A visitor's own header, which a proxy that adds its header leaves in the request."""
    visitor = proxied(room, {}, proxy_on_loopback=True)
    twice = [("X-Remote-User", "jo"), ("x-remote-user", "mara")]
    for headers in (twice, [("X-Remote-User", "jo, mara")], [("X-Remote-User", "")]):

        async def ask(headers: list[tuple[str, str]] = headers) -> Any:
            return await visitor.datasette.client.get("/archive/articles/1", headers=headers)

        page = asyncio.run(ask()).text
        assert "Signed in as" not in page
        assert "/-/note" not in page


def test_the_users_of_a_proxy_are_safe_from_other_sites_though_they_have_no_cookie(
    room: Path,
) -> None:
    visitor = proxied(room, {"X-Remote-User": "mara"}, proxy_on_loopback=True)
    assert visitor.send(*FORMS["write a note"], token=False, site="cross-site").status_code == 403
    path, data = FORMS["write a note"]
    answer = visitor._run("post", f"/archive/-/{path}", data=data, headers={"origin": "null"})
    assert answer.status_code == 403
    assert visitor.rows("SELECT count(*) FROM notes") == [(0,)]
