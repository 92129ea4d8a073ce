"""An article's page with its citation, its citation as a file, and the permanent link to a capture.

The permanent link is `/archive/articles/12/capture/SHA256`. It leads to the article as archived
then; `/archive/-/capture/SHA256` finds the article by the digest alone and redirects there.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]

from archive.exports.citations import (
    CITATION_WRITERS,
    ArchivedUrlFunction,
    Citation,
    citation_as_coins,
    citation_as_json_ld,
    citation_as_text,
    citation_meta_tags,
    cited_articles,
)
from archive.pages.article import article_page_data
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import (
    ARCHIVE_PATH,
    ARTICLE_PATH,
    FILE_CONTENT_POLICY,
    ArchivePaths,
    PageRequest,
    page_handler,
    rendered_page,
    requested_archive,
)
from archive.queries.capture_lookup import article_of_capture, capture_page_data
from archive.queries.evidence import evidence_of_articles
from archive.queries.lookup import PlainRow

CITATION_CONTENT_TYPES = {
    "txt": ("text", "text/plain; charset=utf-8"),
    "bib": ("bibtex", "application/x-bibtex; charset=utf-8"),
    "ris": ("ris", "application/x-research-info-systems; charset=utf-8"),
    "csl.json": ("csl", "application/vnd.citationstyles.csl+json; charset=utf-8"),
}
"""Format and content type by the ending of the path."""


def archived_urls(datasette: Any, request: Any, database: str) -> ArchivedUrlFunction:
    """Return the function that gives the permanent link to an article's capture."""
    paths = ArchivePaths(datasette.urls, database)

    def archived_url(article_id: int, digest: str) -> str:
        """Return the full URL of a capture."""
        path = f"{paths.capture(article_id)}/{digest}"
        return str(datasette.absolute_url(request, path))

    return archived_url


async def respond_article(datasette: Any, request: Any) -> Any:
    """Respond with the page of an article. Raises NotFound for an unknown one."""
    database = await requested_archive(datasette, request)
    archived_url = archived_urls(datasette, request, database)
    id = int(request.url_vars["id"])

    def read_article(connection: sqlite3.Connection) -> PlainRow | None:
        """Return the data of the page."""
        found = article_page_data(connection, id)
        if found is None:
            return None
        [citation] = cited_articles(connection, [id], archived_url)
        evidence = evidence_of_articles(connection, [id])[id]
        return found | {"citation": citation_on_page(citation), "evidence": evidence}

    found = await page_readers(datasette).read(datasette, database, read_article)
    if found is None:
        raise NotFound(f"{request.path}: this archive has no such page")
    return await rendered_page(datasette, request, "article", database, found)


def citation_on_page(citation: Citation) -> PlainRow:
    """Return what an article's page shows of its citation, and what it holds for programs."""
    return {
        "text": citation_as_text(citation),
        "coins": citation_as_coins(citation),
        "meta": citation_meta_tags(citation),
        "json_ld": citation_as_json_ld(citation),
        "permanent": citation.archived_url,
        "digest": citation.digest,
        "formats": list(CITATION_CONTENT_TYPES),
    }


async def respond_citation_file(datasette: Any, request: Any) -> Any:
    """Respond with the citation of an article as a file. Raises NotFound for an unknown one."""
    database = await requested_archive(datasette, request)
    archived_url = archived_urls(datasette, request, database)
    id, ending = int(request.url_vars["id"]), request.url_vars["form"]
    citations = await page_readers(datasette).read(
        datasette, database, lambda connection: cited_articles(connection, [id], archived_url)
    )
    if not citations:
        raise NotFound(f"{request.path}: this archive has no such page")
    return citation_response(citations, ending, f"article-{id}")


def citation_response(citations: list[Citation], ending: str, name: str) -> Any:
    """Return citations as a file to save; text is shown."""
    form, content_type = CITATION_CONTENT_TYPES[ending]
    headers = {"content-security-policy": FILE_CONTENT_POLICY}
    if form != "text":
        headers["content-disposition"] = f'attachment; filename="{name}.{ending}"'
    return Response(CITATION_WRITERS[form](citations), content_type=content_type, headers=headers)


# -- captures --------------------------------------------------------------------------------------


def _capture_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    return capture_page_data(connection, int(asked.vars["id"]), asked.vars["digest"].lower())


async def respond_capture_digest(datasette: Any, request: Any) -> Any:
    """Redirect to the article that was extracted from a capture. Raises NotFound without one."""
    database = await requested_archive(datasette, request)
    digest = request.url_vars["digest"].lower()
    id = await page_readers(datasette).read(
        datasette, database, lambda connection: article_of_capture(connection, digest)
    )
    if id is None:
        raise NotFound(f"{digest}: this archive has no article with this capture")
    path = ArchivePaths(datasette.urls, database).capture(id)
    return Response.redirect(f"{path}/{digest}")


_DIGEST = r"(?P<digest>[0-9a-fA-F]{64})$"

CITATION_ROUTES: list[tuple[str, Any]] = [
    (ARTICLE_PATH + r"$", respond_article),
    (ARTICLE_PATH + r"/cite\.(?P<form>txt|bib|ris|csl\.json)$", respond_citation_file),
    (ARTICLE_PATH + r"/capture/" + _DIGEST, page_handler("capture", _capture_data)),
    (ARCHIVE_PATH + r"/-/capture/" + _DIGEST, respond_capture_digest),
]
