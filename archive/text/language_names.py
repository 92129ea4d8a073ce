"""The English names of languages, for pages and files that people read."""

from __future__ import annotations

from functools import cache


@cache
def language_name(code: str | None) -> str:
    """Return the name of a language (ISO 639), such as `Japanese`; an unknown code as it is."""
    if not code:
        return "unknown language"
    from babel import Locale

    return str(Locale("en").languages.get(code.partition("-")[0], code))
