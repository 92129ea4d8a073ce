"""Values as HTML: text of web pages is always escaped, and links lead to http and https only."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from archive.text.passages import MARK_CLOSE, MARK_OPEN

DEFAULT_EXCERPT_CHARS = 240
"""Default length of an excerpt, in characters."""

HTTP_URL = re.compile(r"https?://[^\s\x00-\x1f\x7f\"'<>`]+", re.IGNORECASE)
CONTACT_MAIL_PATTERN = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
OUTWARD_LINK_ATTRIBUTES = 'rel="noopener noreferrer nofollow"'


def outward_link(value: str) -> Markup | None:
    """Return a link to an http or https URL, or None for any other value."""
    if not HTTP_URL.fullmatch(value):
        return None
    shown = re.sub(r"^https?://", "", value)
    if len(shown) > 60:
        shown = shown[:42] + "…" + shown[-17:]
    link = f'<a class="dateline-out" href="{{}}" title="{{}}" {OUTWARD_LINK_ATTRIBUTES}>{{}}</a>'
    return Markup(link).format(value, value, shown)  # noqa: S704


def contact_link(contact: str) -> str | None:
    """Return the URL behind a way to contact someone: a web page or mail address; else None."""
    if HTTP_URL.fullmatch(contact):
        return contact
    return f"mailto:{contact}" if CONTACT_MAIL_PATTERN.fullmatch(contact) else None


def marked(value: str) -> Markup:
    """Return a passage as HTML, its ⟦words⟧ in `<mark>`."""
    # escaped here
    return Markup(str(escape(value)).replace(MARK_OPEN, "<mark>").replace(MARK_CLOSE, "</mark>"))  # noqa: S704


def text_excerpt(text: str, length: int = DEFAULT_EXCERPT_CHARS) -> str:
    """Return the first characters of a text in one line, cut at a space if one is near."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text[:length]
    if " " in cut[-30:]:
        cut = cut.rsplit(" ", 1)[0]
    return cut + "…"
