"""Plain text from pieces of HTML, such as headlines and summaries in feeds. Pure."""

from __future__ import annotations

import re

from crawler.text.entities import unescape_html

NON_XML_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""A character that XML 1.0 (2.2) does not allow."""
_INVISIBLE_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_BLOCK_TAG = re.compile(
    r"</?(?:p|br|div|li|ul|ol|h[1-6]|blockquote|tr|td|figure|figcaption|hr|img)\b[^<>]*>",
    re.IGNORECASE,
)
_HTML_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_MAX_MARKUP_CHARS = 20_000
"""Characters of markup that are read for a headline or a lede."""


def one_line_error(error: Exception) -> str:
    """Return the message of a library's error on one line; the error's type if it has no
    message."""
    return text_of_html(str(error), 200) or type(error).__name__


def text_of_html(markup: str | None, longest: int = 1_000) -> str | None:
    """Return the text of a piece of HTML on one line; None for no text.

    A text of more than `longest` characters is cut, between words if possible, and ends in `…`.
    """
    text = (markup or "")[:_MAX_MARKUP_CHARS]
    if "<" in text:
        text = _HTML_TAG.sub("", _BLOCK_TAG.sub(" ", _INVISIBLE_HTML.sub(" ", text)))
    text = " ".join(NON_XML_CHARACTER.sub("", unescape_html(text)).split())
    if len(text) <= longest:
        return text or None
    cut = text[: longest - 1]
    if " " in cut[longest // 2 :]:
        cut = cut.rsplit(" ", 1)[0]
    return cut.rstrip() + "…"
