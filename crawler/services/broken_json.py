"""Answers of GDELT in which one entry is broken JSON: the others are read, and the broken one by
its fields."""

from __future__ import annotations

import json
import re
from typing import Any

from crawler.services.search_service import json_object

KEYS = "url|url_mobile|title|seendate|socialimage|domain|language|sourcecountry"
WHOLE = re.compile(r'\s*\{\s*"articles"\s*:\s*\[(.*)\]\s*\}\s*\Z', re.DOTALL)
BETWEEN = re.compile(r"\}\s*,\s*(?=\{)|,\s*\Z")
FIELD = re.compile(rf'"({KEYS})"\s*:\s*"(.*?)"\s*(?=,\s*"(?:{KEYS})"\s*:|\}}?\s*\Z)', re.DOTALL)
LONGEST_ENTRY = 20_000
"""Characters; honest ones have a few hundred."""


def mended(body: bytes) -> tuple[dict[str, Any], list[str]] | None:
    """The entries of an answer that is broken JSON and not cut, and what is to be told of them;
    None for any other."""
    whole = WHOLE.match(body.decode("utf-8-sig", "replace"))
    if whole is None:
        return None
    found: list[dict[str, Any]] = []
    by_fields = lost = 0
    for text in filter(str.strip, BETWEEN.split(whole[1])):
        entry = text.strip().removesuffix("}") + "}"
        read = json_object(entry.encode())
        if isinstance(read, str):
            read = {key: _value(raw) for key, raw in FIELD.findall(entry[:LONGEST_ENTRY])}
            by_fields, lost = by_fields + bool(read.get("url")), lost + (not read.get("url"))
        found.append(read)
    told = [f"{by_fields} × broken JSON, read by its fields"] if by_fields else []
    return {"articles": found}, told + ([f"{lost} × broken JSON"] if lost else [])


def _value(raw: str) -> str:
    """A string whose quotation marks are escaped twice or not at all."""
    text = re.sub(r'\\*"', r"\"", raw)
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return re.sub(r"\\+", "", text)
