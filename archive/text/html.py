"""Single values as HTML. What a page said is text and stays text: it is escaped, and links go out
to the web alone."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from archive.text.passages import MARK_CLOSE, MARK_OPEN

BEGINNING = 240

WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f\"'<>`]+", re.IGNORECASE)
OUTWARDS = 'rel="noopener noreferrer nofollow"'


def web_link(value: str) -> Markup | None:
    """A link out, only of http and https; None for what is no such address."""
    if not WEB_ADDRESS.fullmatch(value):
        return None
    shown = re.sub(r"^https?://", "", value)
    shown = shown if len(shown) <= 60 else shown[:42] + "…" + shown[-17:]
    # our own text
    link = f'<a class="dateline-out" href="{{}}" title="{{}}" {OUTWARDS}>{{}}</a>'
    return Markup(link).format(value, value, shown)  # noqa: S704


def marked(value: str) -> Markup:
    """A passage, its ⟦words⟧ marked."""
    # escaped here
    return Markup(str(escape(value)).replace(MARK_OPEN, "<mark>").replace(MARK_CLOSE, "</mark>"))  # noqa: S704


def beginning(text: str, length: int = BEGINNING) -> str:
    """The first letters of a text, cut at a space where there is one."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text[:length]
    return (cut.rsplit(" ", 1)[0] if " " in cut[-30:] else cut) + "…"
