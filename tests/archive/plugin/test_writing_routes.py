"""Every route that writes: found from the list of routes, and refused to whoever may not use it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from archive.editing.notes import NoteSubject, add_note
from archive.editing.saved_searches import save_search
from archive.outlet_preview import OutletPreview, set_outlet_previewer
from archive.plugin.actions.all_routes import EDIT_ROUTES
from archive.plugin.guards.permissions import EDIT_PERMISSIONS
from archive.plugin.routes import PAGE_ROUTES
from archive.records import Outlet
from archive.removal.serving import RemovalPolicies, set_removal_policies
from pipelines.policies import archive_policies
from pipelines.urls import url_key
from tests.archive.conftest import fill
from tests.archive.room import STORY, furnish
from tests.paths import ROOT

VERSION_0 = not hasattr(Datasette, "allowed")

FORMS: dict[str, dict[str, str]] = {
    "/archive/-/follow": {"article": "1", "name": "ferry-strike"},
    "/archive/-/add-to-story": {"article": "5", "story": STORY},
    f"/archive/-/story/{STORY}/verdict": {"article": "8", "word": "not"},
    "/archive/-/note": {"about": "article:1", "text": "They confirm."},
    "/archive/-/note/1/edit": {"about": "article:1", "text": "They deny."},
    "/archive/-/note/1/delete": {"about": "article:1"},
    "/archive/-/outlets/look": {"host": "new.example"},
    "/archive/-/outlets/add": {"token": "unknown"},
    "/archive/-/outlet/ridge.example/pause": {},
    "/archive/-/outlet/ridge.example/resume": {},
    "/archive/-/outlet/silent.example/remove": {},
    "/archive/-/searches/save": {"name": "Ferries", "words": "ferry"},
    "/archive/-/searches/remove": {"name": "Strikes"},
    "/archive/-/remove": {"article": "5", "reason": "a letter"},
}
"""A form for each route that writes, by its path, in an order in which all of them work."""
WRITING_NOTHING = {"/archive/-/outlets/look", "/archive/-/outlets/add"}
"""The first only looks, and the second adds what a lookup found: here none has."""
READING_PATHS = {
    "database": "archive", "id": "1", "other": "7", "number": "", "name": STORY, "form": "json",
    "host": "ridge.example", "token": "unknown", "digest": "ab" * 32,
}  # fmt: skip
"""Values of the parameters in the paths of the routes that only read."""

PATTERNS = [pattern for pattern, _ in EDIT_ROUTES]
PROXY_USER = {"x-remote-user": "mara"}
OWN_PAGE = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
OTHER_SITE = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
OTHER_SITE_OF_AN_OLD_BROWSER = {"origin": "https://elsewhere.example"}


@pytest.fixture(autouse=True)
def can_remove_articles() -> Iterator[None]:
    set_removal_policies(RemovalPolicies(archive_policies, url_key))
    yield
    set_removal_policies(None)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_in(furnish(fill(tmp_path_factory.mktemp("archive"))))


@pytest.fixture
def own_room(tmp_path: Path) -> Path:
    return written_in(furnish(fill(tmp_path)))


def written_in(folder: Path) -> Path:
    """The archive with a note and a saved search."""
    with sqlite3.connect(folder / "archive.db") as connection:
        add_note(connection, NoteSubject("article", 1), "They wait.", "mara")
        save_search(connection, "Strikes", "strike", {}, "mara")
    return folder


@pytest.fixture
def lookups() -> Iterator[list[str]]:
    """The hosts that were looked up."""
    hosts: list[str] = []

    def preview(host: str) -> OutletPreview:
        hosts.append(host)
        return OutletPreview(Outlet(host))

    set_outlet_previewer(preview)
    yield hosts
    set_outlet_previewer(None)


def served(room: Path, *, immutable: bool = False, may: str = "edit") -> Datasette:
    """The archive behind a proxy on this machine that signs its visitors in without cookies."""
    dateline: dict[str, Any] = {"proxy_user_header": "x-remote-user", "proxy_on_loopback": True}
    if may:
        dateline[may] = {"id": "mara"}
    config = {"plugins": {"dateline": dateline}}
    files: dict[str, Any] = {"files": [str(room / "archive.db")]}
    if immutable:
        files = {"files": [], "immutables": [str(room / "archive.db")]}
    return Datasette(**files, **({"metadata": config} if VERSION_0 else {"config": config}))


def post(datasette: Datasette, path: str, headers: dict[str, str], *, token: bool = False) -> Any:
    """Send a form, with the token of a page that was opened before if wanted."""

    async def ask() -> Any:
        form, cookies = dict(FORMS.get(path, {})), {}
        if token:
            page = await datasette.client.get("/archive/articles/1", headers=headers)
            cookies = dict(page.cookies)
            found = re.search(r'name="csrftoken" value="([^"]*)"', page.text)
            form["csrftoken"] = found[1] if found else ""
        return await datasette.client.post(path, data=form, headers=headers, cookies=cookies)

    return asyncio.run(ask())


def content(room: Path) -> list[str]:
    with sqlite3.connect(room / "archive.db") as connection:
        return list(connection.iterdump())


def forms_of(pattern: str) -> list[str]:
    return [path for path in FORMS if re.match(pattern, path)]


def test_every_route_that_writes_has_a_form_here() -> None:
    assert [len(forms_of(pattern)) for pattern in PATTERNS] == [1] * len(PATTERNS)


def test_writing_happens_on_the_guarded_way_alone() -> None:
    writers = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "archive").rglob("*.py"))
        if "execute_write" in path.read_text("utf-8")
    ]
    assert writers == ["archive/plugin/actions/edit_requests.py"]


def statuses(datasette: Datasette, headers: dict[str, str], *, token: bool) -> set[int]:
    """The HTTP status with which each form is answered."""
    return {post(datasette, path, headers, token=token).status_code for path in FORMS}


def test_forms_with_their_tokens_from_our_own_pages_are_taken(
    own_room: Path, lookups: list[str]
) -> None:
    datasette = served(own_room)
    for path in FORMS:
        before = content(own_room)
        answer = post(datasette, path, PROXY_USER | OWN_PAGE, token=True)
        assert answer.status_code == 302, path
        written = content(own_room) != before
        assert written == (path not in WRITING_NOTHING), path
    assert lookups == ["new.example"]


@pytest.mark.skipif(not VERSION_0, reason="1.0 has no tokens; its headers decide")
def test_forms_without_their_tokens_write_nothing(room: Path, lookups: list[str]) -> None:
    before = content(room)
    assert statuses(served(room), PROXY_USER | OWN_PAGE, token=False) == {403}
    assert (content(room), lookups) == (before, [])


@pytest.mark.parametrize("origin", [OTHER_SITE, OTHER_SITE_OF_AN_OLD_BROWSER])
def test_forms_of_another_site_write_nothing(
    room: Path, lookups: list[str], origin: dict[str, str]
) -> None:
    before = content(room)
    assert statuses(served(room), PROXY_USER | origin, token=True) == {403}
    assert (content(room), lookups) == (before, [])


@pytest.mark.parametrize("who", [{}, PROXY_USER])
def test_who_has_no_permission_writes_nothing(
    room: Path, lookups: list[str], who: dict[str, str]
) -> None:
    before = content(room)
    assert statuses(served(room, may=""), who | OWN_PAGE, token=True) == {403}
    assert (content(room), lookups) == (before, [])


def test_an_archive_that_is_served_read_only_says_so_to_every_form(
    room: Path, lookups: list[str]
) -> None:
    datasette = served(room, immutable=True)
    for path in FORMS:
        answer = post(datasette, path, PROXY_USER | OWN_PAGE, token=True)
        assert answer.status_code == 403, path
        assert "This archive is served read-only" in answer.text, path
    assert lookups == []


def test_who_opens_the_path_of_a_form_is_led_to_a_page(room: Path) -> None:
    datasette = served(room)
    before = content(room)

    async def ask() -> list[int]:
        first = [await datasette.client.get(path, headers=PROXY_USER) for path in FORMS]
        pages = [await datasette.client.get(each.headers["location"]) for each in first]
        return [each.status_code for each in pages]

    assert set(asyncio.run(ask())) == {200}
    assert content(room) == before


def reading_path(pattern: str) -> str:
    """A path of a route that only reads."""
    path = re.sub(
        r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)",
        lambda found: READING_PATHS[found[1]],
        pattern.strip("^$"),
    )
    return re.sub(r"\(\?:[^()]*\)\??", "", path).replace("\\", "")


def test_no_other_route_writes_whatever_is_sent_to_it(room: Path) -> None:
    datasette = served(room)
    before = content(room)
    for pattern, _ in PAGE_ROUTES:
        if pattern not in PATTERNS:
            post(datasette, reading_path(pattern), PROXY_USER | OWN_PAGE)
    assert content(room) == before


def test_each_permission_of_the_configuration_opens_its_own_forms(room: Path) -> None:
    opened: dict[str, list[str]] = {}
    for word in EDIT_PERMISSIONS:
        datasette = served(room, immutable=True, may=word)
        for path in FORMS:
            answer = post(datasette, path, PROXY_USER | OWN_PAGE)
            opened.setdefault(path, []).extend([word] * ("read-only" in answer.text))
    assert {len(words) for words in opened.values()} == {1}
    assert {words[0] for words in opened.values()} == set(EDIT_PERMISSIONS)
