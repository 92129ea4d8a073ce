"""A saved page is filed under the address of its article, wherever the program that saved it wrote
that."""

# ruff: noqa: E501  a page stands on one line
from __future__ import annotations

import gzip
from base64 import encodebytes
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from pathlib import Path
from quopri import encodestring

import pytest

from archive.archive import Archive
from archive.errors import UsageError
from archive.records import Article
from crawler.files.saved_page_urls import (
    find_declared_url,
    find_saved_url,
    is_mhtml,
    read_mhtml_page,
    unarchive_url,
)
from crawler.files.saved_pages import capture_saved_page
from crawler.jobs.import_files import import_files
from tests.stories import story

URL = "https://harbour.example/news/ferry-landing-moves-to-north-quay"


def page(head: str = "", before: str = "", root: str = "<html>") -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in story(1).split("\n\n"))
    return f"<!doctype html>{before}\n{root}<head><title>Ferry landing moves</title>{head}</head><body><h1>Ferry landing moves</h1><article>{text}</article></body></html>"  # fmt: skip


SAVED = {
    "Chrome": page(before=f"\n<!-- saved from url=(0062){URL} -->"),
    "Internet Explorer": page(before=f"<!-- Saved from url=(0062){URL} -->\r\n"),
    "SingleFile": page(before=f"<html><!--\n Page saved with SingleFile \n url: {URL} \n saved date: Tue Mar 12 2024\n-->"),
    "WebScrapBook": page(root=f'<html lang="en" data-scrapbook-source="{URL}" data-scrapbook-create="20240312">'),
    "Save Page WE": page(f'<meta name="savepage-url" content="{URL}">'),
    "monolith": page(before=f"<!-- Saved from {URL} at 2024-03-12T19:00:00Z using monolith v2.8.1 -->"),
    "HTTrack": page(before=f"<!-- Mirrored from {URL[8:]} by HTTrack Website Copier/3.x [XR&CO'2014] -->").replace("http:", "https:"),
    "Wayback's script": page(f'<script>__wm.wombat("{URL}","20240312190000","https://web.archive.org/","web")</script>'),
    "a saved copy of Wayback": page(before=f"<!-- saved from url=(0099)https://web.archive.org/web/20240312190000/{URL} -->"),
    "with entities": page(root=f'<html data-scrapbook-source="{URL}?a=1&amp;utm_source=x">').replace("?a=1&amp;utm_source=x", "?utm_source=x&amp;utm_medium=y"),
    "with a canonical that is the front": page('<link rel="canonical" href="https://harbour.example/">', f"<!-- saved from url=(0062){URL} -->"),
    "Wayback's canonical": page(f'<link rel="canonical" href="https://web.archive.org/web/20240312190000/{URL}">'),
    "Wayback's raw address": page(f'<link rel="canonical" href="https://web.archive.org/web/20240312190000id_/{URL}">'),
    "Wayback's og:url": page(f'<meta property="og:url" content="http://web.archive.org/web/20240312190000im_/{URL}">'),
    "archive.today": page(f'<link rel="canonical" href="https://archive.ph/20240312190000/{URL}">'),
    "its base": page(f'<base href="{URL}">'),
    "its JSON-LD": page(f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Ferry landing moves", "url": "{URL}"}}</script>'),
    "its JSON-LD's page": page(f'<script type="application/ld+json">{{"@type": "NewsArticle", "mainEntityOfPage": {{"@id": "{URL}"}}}}</script>'),
}  # fmt: skip


@pytest.mark.parametrize("saved", SAVED)
def test_a_saved_page_says_where_it_came_from(saved: str, tmp_path: Path) -> None:
    (tmp_path / "saved.html").write_text(SAVED[saved])

    assert urls(tmp_path, "saved.html") == [
        URL if saved != "HTTrack" else URL.replace("https", "http")
    ]


def urls(tmp_path: Path, *names: str, url: str | None = None) -> list[str]:
    """Import files; the addresses under which their articles are filed."""
    told = import_files(tmp_path / "archive", [tmp_path / name for name in names], url)
    assert told.mistakes == []
    with Archive(tmp_path / "archive") as archive:
        return [row["url"] for row in archive.db.execute("SELECT url FROM articles ORDER BY id")]


@pytest.mark.parametrize(
    "head",
    [
        "",
        '<base href="https://harbour.example/">',
        '<base href="/news/">',
        '<script type="application/ld+json">{"@type": "NewsArticle", "url": "https://harbour.example/"}</script>',
        "<!-- saved from url=(0014)about:internet -->",
        "<!-- saved from url=(0020)file:///C:/page.html -->",
    ],
)
def test_a_page_that_does_not_say_its_address_is_told(head: str, tmp_path: Path) -> None:
    (tmp_path / "saved.html").write_text(page(head))
    told = import_files(tmp_path / "archive", [tmp_path / "saved.html"], None)

    assert told.mistakes == [
        f"dateline: {tmp_path}/saved.html: the page does not state its URL; give it with --url"
    ]


def test_an_address_that_is_given_goes_before_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "saved.html").write_text(SAVED["Chrome"])
    given = "https://harbour.example/news/12345-another"

    assert capture_saved_page(tmp_path / "saved.html", given).url == given
    assert (
        capture_saved_page(
            tmp_path / "saved.html", f"https://web.archive.org/web/20240312190000/{given}"
        ).url
        == given
    )


def test_an_address_further_down_is_the_pages_own_text() -> None:
    assert (
        find_saved_url(
            page().encode() + b" " * 70_000 + f"<!-- saved from url=(0062){URL} -->".encode()
        )
        is None
    )
    assert find_declared_url(Article(url="file:///x"), b"<p>No base.") is None
    assert unarchive_url(URL) == URL


# -- MHTML -----------------------------------------------------------------------------------------


def mhtml(
    coding: str = "quoted-printable", charset: str = "utf-8", chrome: bool = True, frames: int = 1
) -> bytes:
    mail = MIMEMultipart("related", type="text/html")
    if chrome:
        mail["Snapshot-Content-Location"] = URL
        mail["Subject"] = "Ferry landing moves"
    parts = [
        *((f"https://ads.example/{n}", "<p>An advertisement.</p>") for n in range(frames)),
        (URL, page()),
    ]
    for at, text in parts if chrome else reversed(parts):
        part = MIMENonMultipart("text", "html", charset=charset)
        part["Content-Transfer-Encoding"], part["Content-Location"] = coding, at
        raw = text.encode(charset)
        if coding == "base64":
            raw = encodebytes(raw)
        elif coding == "quoted-printable":
            raw = encodestring(raw)
        part.set_payload(raw.decode("ascii" if coding != "8bit" else "latin-1"))
        mail.attach(part)
    picture = MIMENonMultipart("image", "png")
    picture.set_payload("AAAA")
    mail.attach(picture)
    return mail.as_bytes()


@pytest.mark.parametrize(
    "made",
    [
        mhtml(),
        mhtml("base64"),
        mhtml("base64", "windows-1252"),
        mhtml("quoted-printable", "utf-16"),
        mhtml(chrome=False),
        mhtml(frames=3),
        mhtml().replace(b"\n", b"\r\n"),
        b"\r\n" + mhtml(),
        b"From: <Saved by Blink>\r\n" + mhtml(frames=0),
        gzip.compress(mhtml()),
    ],
    ids=[
        "Chrome",
        "base 64",
        "1252",
        "utf-16",
        "IE",
        "frames",
        "CRLF",
        "blank line",
        "Blink",
        "gzip",
    ],
)
def test_mhtml_is_read_and_filed_under_the_address_of_its_page(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "saved.mhtml").write_bytes(made)
    capture = capture_saved_page(tmp_path / "saved.mhtml", None)

    assert capture.url == URL
    assert b"Eastmere" in capture.body.replace(b"\0", b"")
    assert urls(tmp_path, "saved.mhtml") == [URL]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x--\r\n",
            "without a page",
        ),
        (b"MIME-Version: 1.0\r\nContent-Type: image/png\r\n\r\nAAAA", "without a page"),
    ],
)
def test_mhtml_without_a_page_is_told(body: bytes, why: str) -> None:
    assert is_mhtml(body)
    with pytest.raises(UsageError, match=why):
        read_mhtml_page(body)


@pytest.mark.slow
def test_nested_parts_without_end_are_told_or_read() -> None:
    body = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b0\r\n\r\n"
    for depth in range(3000):
        body += b"--b%d\r\nContent-Type: multipart/related; boundary=b%d\r\n\r\n" % (
            depth,
            depth + 1,
        )
    with pytest.raises(UsageError):
        read_mhtml_page(body)


@pytest.mark.parametrize(
    "body", [page().encode(), b"Title: a page\n\nof words", b"", b"<!-- MIME-Version: 1.0 -->"]
)
def test_a_page_of_html_is_no_mhtml(body: bytes) -> None:
    assert not is_mhtml(body)
