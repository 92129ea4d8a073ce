"""An outlet's HTML: articles in five templates, section fronts, and the "not found" page.

The pages are `templates/*.html`, filled by `string.Template`; the words that outlets print around
their articles are in `templates/labels.toml`, a table for each language.
"""

from __future__ import annotations

import json
import re
import tomllib
import zlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from demo.outlets import Outlet, Page, paragraphs

FOLDER = Path(__file__).parent / "templates"


@cache
def template(name: str) -> Template:
    """Return the template of that name."""
    return Template((FOLDER / f"{name}.html").read_text("utf-8"))


@cache
def labels(language: str) -> dict[str, Any]:
    """Return the words printed around articles; English where a language lacks them."""
    known: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "labels.toml").read_text("utf-8"))
    return known["en"] | known.get(language, {})


def section_path(section: str) -> str:
    """Return the path of a section's front."""
    return "/section/" + re.sub(r"[^\w]+", "-", section.lower()).strip("-")


def byline(outlet: Outlet, page: Page) -> str:
    """Return the printed byline: the page's own, or one made of its authors."""
    if page.byline or not page.authors:
        return page.byline
    words = labels(outlet.language)
    names = (
        [", ".join(page.authors[:-1]), page.authors[-1]]
        if len(page.authors) > 1
        else [page.authors[0]]
    )
    return str(words["by"]).format(f" {words['and']} ".join(names))


def printed(moment: datetime, language: str, form: str = "moment") -> str:
    """Return a timestamp as the outlet prints it: `moment` with the clock time, `day` without."""
    words = labels(language)
    parts = {
        "y": moment.year,
        "m": moment.month,
        "d": moment.day,
        "H": moment.hour,
        "M": moment.minute,
    }
    return str(words[form]).format(month=words["months"][moment.month - 1], **parts)


def inline(text: str) -> str:
    """Return the text of a block as HTML, with its links."""
    return re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', escape(text, quote=False))


def block(text: str) -> str:
    """Return one block of a page's text as HTML."""
    if text.startswith("## "):
        return f"<h2>{inline(text[3:])}</h2>"
    if text.startswith("! "):
        return f"<figure><img src='/img/cover.svg' alt=''><figcaption>{inline(text[2:])}</figcaption></figure>"
    if text.startswith("- "):
        return (
            "<ul>" + "".join(f"<li>{inline(line[2:])}</li>" for line in text.splitlines()) + "</ul>"
        )
    return f"<p>{inline(text)}</p>"


def headlines(outlet: Outlet, pages: Iterable[Page]) -> str:
    """Return list items with linked headlines."""
    return "\n".join(
        f'<li><a href="{escape(outlet.url(page.path))}">{escape(page.headline or page.path)}</a></li>'
        for page in pages
    )


def metadata(outlet: Outlet, page: Page) -> dict[str, Any]:
    """Return the page as a schema.org NewsArticle, or VideoObject."""
    about: dict[str, Any] = {
        "@type": "VideoObject" if page.page_type == "video" else "NewsArticle",
        "headline": page.headline,
        "description": page.standfirst or None,
        "inLanguage": outlet.language,
        "articleSection": page.section,
        "mainEntityOfPage": canonical(outlet, page) or outlet.url(page.path),
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name, "url": outlet.url()},
        "author": [{"@type": "Person", "name": name} for name in page.authors] or None,
    }
    if page.published and page.dated:
        about["datePublished"] = page.published.isoformat()
        about["dateModified"] = (page.updated or page.published).isoformat()
    return {key: value for key, value in about.items() if value is not None}


def canonical(outlet: Outlet, page: Page) -> str | None:
    """Return the URL of a page's rel=canonical, or None."""
    habits = {"self": outlet.url(page.path), "home": outlet.url(), None: None}
    return page.canonical or habits[outlet.canonical]


def head(outlet: Outlet, page: Page, style: str) -> str:
    """Return the metadata that a template puts into <head>."""
    lines = [
        f'<link rel="canonical" href="{escape(address)}">'
        for address in [canonical(outlet, page)]
        if address
    ]
    if outlet.amp:
        lines.append(f'<link rel="amphtml" href="{escape(outlet.url(page.path))}/amp">')
    if style in ("plain", "table"):
        return "\n".join(lines)
    if style != "graph":
        lines += open_graph(outlet, page)
    if style == "meta":
        lines += [f'<meta name="author" content="{escape(name)}">' for name in page.authors]
    if style == "jsonld":
        lines.append(script({"@context": "https://schema.org", **metadata(outlet, page)}))
    if style == "graph":
        site = {
            "@type": "WebSite",
            "@id": outlet.url("/#site"),
            "name": outlet.name,
            "url": outlet.url(),
        }
        web_page = {
            "@type": "WebPage",
            "@id": outlet.url(page.path),
            "isPartOf": {"@id": site["@id"]},
        }
        lines.append(
            script(
                {
                    "@context": "https://schema.org",
                    "@graph": [site, web_page, metadata(outlet, page)],
                }
            )
        )
    return "\n".join(lines)


def open_graph(outlet: Outlet, page: Page) -> list[str]:
    """Return a page's OpenGraph meta tags."""
    tags = {
        "og:type": "article",
        "og:site_name": outlet.name,
        "og:title": page.headline,
        "og:url": canonical(outlet, page) or outlet.url(page.path),
        "og:image": outlet.url("/img/cover.svg"),
        "og:description": page.standfirst,
        "article:section": page.section,
    }
    if page.published and page.dated:
        tags["article:published_time"] = page.published.isoformat()
    if page.updated and page.dated:
        tags["article:modified_time"] = page.updated.isoformat()
    return [
        f'<meta property="{name}" content="{escape(value)}">'
        for name, value in tags.items()
        if value
    ]


def script(value: dict[str, Any]) -> str:
    """Return a script element with JSON-LD."""
    text = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def furniture(outlet: Outlet, now: datetime, but: Page | None = None) -> dict[str, str]:
    """Return the parts that all pages of an outlet share, by their name in the templates.

    They are its name, navigation, lists of other headlines, cookie bar and footer.
    """
    others = [page for page in outlet.listed(now) if but is None or page.path != but.path]
    sections = list(dict.fromkeys(page.section for page in others))
    alike = [page for page in others if but and page.section == but.section] or others
    words = {
        f"label_{key}": escape(value)
        for key, value in labels(outlet.language).items()
        if isinstance(value, str)
    }
    return {
        **words,
        "outlet": escape(outlet.name),
        "tagline": escape(outlet.tagline),
        "language": outlet.language,
        "colour": outlet.colour,
        "home": outlet.url(),
        "nav": " ".join(f'<a href="{section_path(name)}">{escape(name)}</a>' for name in sections),
        "latest": headlines(outlet, others[:7]),
        "most_read": headlines(
            outlet, sorted(others, key=lambda page: zlib.crc32(page.path.encode()))[:5]
        ),
        "related": headlines(outlet, alike[:3]),
        "related_one": headlines(outlet, alike[-1:]),
    }


def page_html(outlet: Outlet, page: Page, now: datetime, style: str | None = None) -> str:
    """Return the HTML of a page at a time."""
    style = style or page.template or outlet.template
    language = outlet.language
    words = labels(language)
    blocks = [block(text) for text in paragraphs(page.text)]
    day = printed(page.published, language, "day") if page.published and page.dated else ""
    moment = printed(page.published, language) if day and page.published else ""
    updated = (
        f"{words['updated']} {printed(page.updated, language)}"
        if page.updated and page.dated
        else ""
    )
    around = furniture(outlet, now, but=page)
    name = "video" if page.page_type == "video" else style
    return template(name).substitute(
        around,
        head=head(outlet, page, style),
        title=escape(page.headline),
        section=escape(page.section),
        standfirst=f'<p class="standfirst">{escape(page.standfirst)}</p>'
        if page.standfirst
        else "",
        byline=escape(byline(outlet, page)),
        day=day,
        moment=moment,
        updated=updated,
        note=f'<p class="note">{escape(page.note)}</p>' if page.note else "",
        text="\n".join(blocks),
        text_amid="\n".join(interrupted(blocks, around)),
        text_br="<br><br>\n".join(re.sub(r"</?p>", "", text) for text in blocks),
        comments=str(words["comments"]).format(zlib.crc32(page.path.encode()) % 90 + 3),
    )


def interrupted(blocks: list[str], around: dict[str, str]) -> list[str]:
    """Return the blocks of a text with a "read more" box and a newsletter box in between.

    The first follows the second block, the other the fourth.
    """
    more = f'<p class="more"><strong>{around["label_more"]}:</strong></p><ul class="more">{around["related_one"]}</ul>'
    letter = f'<div class="letter"><p>{around["label_newsletter"]}</p><button>{around["label_subscribe"]}</button></div>'
    return [*blocks[:2], more, *blocks[2:4], letter, *blocks[4:]]


def front_html(
    outlet: Outlet,
    title: str,
    pages: Iterable[Page],
    now: datetime,
    feed: tuple[str, str] | None = None,
) -> str:
    """Return a home page or section front: headlines with their standfirsts.

    A home page links to the feed.
    """
    link = (
        f'<link rel="alternate" type="{feed[0]}" title="{escape(outlet.name)}" href="{feed[1]}">'
        if feed
        else ""
    )
    teasers = "\n".join(
        f'<article><h2><a href="{escape(page.path)}">{escape(page.headline or page.path)}</a></h2>'
        f"<p>{escape(page.standfirst)}</p></article>"
        for page in pages
    )
    return template("front").substitute(
        furniture(outlet, now), head=link, title=escape(title), teasers=teasers
    )


def error_html(outlet: Outlet, now: datetime) -> str:
    """Return an outlet's "not found" page."""
    return template("error").substitute(furniture(outlet, now))


def cover_svg(outlet: Outlet) -> str:
    """Return the picture of all articles, in the outlet's colour."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 320"><rect width="640" height="320" '
        f'fill="{outlet.colour}" opacity=".25"/><path d="M0 320L210 120L330 240L450 90L640 320Z" '
        f'fill="{outlet.colour}" opacity=".55"/><circle cx="540" cy="70" r="34" fill="#fff"/></svg>'
    )
