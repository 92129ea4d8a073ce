"""Repair of GDELT's answers in which single entries are broken JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from crawler.services.search_service import json_object

KEYS = "url|url_mobile|title|seendate|socialimage|domain|language|sourcecountry"
"""The keys of an entry."""
WHOLE = re.compile(r'\s*\{\s*"articles"\s*:\s*\[(.*)\]\s*\}\s*\Z', re.DOTALL)
"""A complete answer around its entries."""
BETWEEN = re.compile(r"\}\s*,\s*(?=\{)|,\s*\Z")
"""The separator of two entries."""
FIELD = re.compile(rf'"({KEYS})"\s*:\s*"(.*?)"\s*(?=,\s*"(?:{KEYS})"\s*:|\}}?\s*\Z)', re.DOTALL)
"""A field of an entry with its value, which may contain quotation marks."""
LONGEST_ENTRY = 20_000
"""Characters of an entry; sound ones have a few hundred."""


def mended(body: bytes) -> tuple[dict[str, Any], list[str]] | None:
    """Return the entries of a complete but broken answer, and remarks on them; else None."""
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
            if read.get("url"):
                by_fields += 1
            else:
                lost += 1
        found.append(read)
    remarks = []
    if by_fields:
        remarks.append(f"{by_fields} × broken JSON, read by its fields")
    if lost:
        remarks.append(f"{lost} × broken JSON")
    return {"articles": found}, remarks


def _value(raw: str) -> str:
    """Return a string whose quotation marks are escaped twice or not at all."""
    text = re.sub(r'\\*"', r"\"", raw)
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return re.sub(r"\\+", "", text)
