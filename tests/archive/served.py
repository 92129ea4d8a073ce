"""Archives in a real Datasette within the process of the tests, and people who ask for pages."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextvars import Context
from functools import cache
from pathlib import Path
from typing import Any

from datasette.app import Datasette

Get = Callable[..., Any]

VERSION_0 = not hasattr(Datasette, "allowed")
"""Datasette 0.65, where permissions and the configuration have other names."""
PATIENT_SETTINGS = {"sql_time_limit_ms": 10_000}
"""For a machine that is busy with other tests."""


def configured(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the argument by which a Datasette takes its configuration."""
    return {"metadata" if VERSION_0 else "config": configuration}


def getter_of(datasette: Datasette) -> Get:
    """Return a function that requests a path, each time in an event loop of its own."""

    def get(path: str, **options: Any) -> Any:
        async def ask() -> Any:
            return await datasette.client.get(path, **options)

        return asyncio.run(ask())

    return get


def getter(*files: Path, **options: Any) -> Get:
    """Return a function that requests a path of a new Datasette on these files."""
    options = {"settings": PATIENT_SETTINGS} | options
    return getter_of(Datasette([str(file) for file in files], **options))


def shared_getter(*files: Path, **options: Any) -> Get:
    """Return a function that requests a path of a new Datasette that several tests may share.

    Datasette 1.0 closes each one at the end of the test whose context it was made in; this one
    is made in a context of its own.
    """
    return Context().run(getter, *files, **options)


@cache
def reader_of(folder: Path) -> Get:
    """Return a function that requests a path of the one Datasette on an archive that no test
    changes."""
    return shared_getter(folder / "archive.db")


CHANGEABLE_TABLES = (
    "removals",
    "articles",
    "stories",
    "story_articles",
    "notes",
    "saved_searches",
    "outlets",
)
"""What the forms of the pages can change."""


class Visitor:
    """A person with a browser at a Datasette: with cookies, and forms with their tokens."""

    def __init__(self, folder: Path, actor: str | None = "root", **settings: Any) -> None:
        immutable = settings.pop("immutable", False)
        files = {"files": [], "immutables": [str(folder / "archive.db")]}
        if not immutable:
            files = {"files": [str(folder / "archive.db")]}
        self.datasette = Datasette(**files, settings=PATIENT_SETTINGS, **settings)
        if actor == "root" and hasattr(self.datasette, "root_enabled"):
            self.datasette.root_enabled = True
        self.folder = folder
        self.actor = actor
        self.headers: dict[str, str] = {}
        self.csrf: str | None = None
        self.cookies: dict[str, str] = {}
        if actor:
            self.cookies["ds_actor"] = self.datasette.sign({"a": {"id": actor}}, "actor")

    def _run(self, method: str, path: str, **options: Any) -> Any:
        async def ask() -> Any:
            headers = {**self.headers, **options.pop("headers", {})}
            client = getattr(self.datasette.client, method)
            return await client(path, cookies=self.cookies, headers=headers, **options)

        answer = asyncio.run(ask())
        self.cookies |= dict(answer.cookies)
        return answer

    def get(self, path: str) -> Any:
        return self._run("get", path)

    def token(self) -> str:
        if self.csrf is None:
            page = self.get("/archive/articles/1").text
            found = re.search(r'name="csrftoken" value="([^"]*)"', page)
            self.csrf = found[1] if found else ""
        return self.csrf

    def send(
        self, path: str, data: dict[str, Any], *, site: str = "same-origin", token: bool = True
    ) -> Any:
        """Send a form; another `site` than our own, or no `token`, is what an attacker sends."""
        form = {**data, "csrftoken": self.token()} if token else data
        origin = "http://localhost" if site == "same-origin" else "https://elsewhere.example"
        headers = {"origin": origin, "sec-fetch-site": site}
        return self._run("post", f"/archive/-/{path}", data=form, headers=headers)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "archive.db") as connection:
            return connection.execute(query).fetchall()

    def everything(self) -> list[list[tuple[Any, ...]]]:
        return [self.rows(f"SELECT * FROM {table}") for table in CHANGEABLE_TABLES]
