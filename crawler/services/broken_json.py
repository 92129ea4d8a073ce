"""Repair of GDELT's answers in which single entries are broken JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from crawler.services.search_service import parse_json_object

GDELT_ENTRY_KEYS = "url|url_mobile|title|seendate|socialimage|domain|language|sourcecountry"
"""The keys of an entry."""
WHOLE_GDELT_ANSWER = re.compile(r'\s*\{\s*"articles"\s*:\s*\[(.*)\]\s*\}\s*\Z', re.DOTALL)
"""A complete answer around its entries."""
ENTRY_SEPARATOR = re.compile(r"\}\s*,\s*(?=\{)|,\s*\Z")
"""The separator of two entries."""
GDELT_ENTRY_FIELD = re.compile(
    rf'"({GDELT_ENTRY_KEYS})"\s*:\s*"(.*?)"\s*(?=,\s*"(?:{GDELT_ENTRY_KEYS})"\s*:|\}}?\s*\Z)',
    re.DOTALL,
)
"""A field of an entry with its value, which may contain quotation marks."""
MAX_ENTRY_CHARS = 20_000
"""Characters of an entry; sound ones have a few hundred."""


def repair_gdelt_json(body: bytes) -> tuple[dict[str, Any], list[str]] | None:
    """Return the entries of a complete but broken answer, and remarks on them; else None."""
    whole = WHOLE_GDELT_ANSWER.match(body.decode("utf-8-sig", "replace"))
    if whole is None:
        return None
    found: list[dict[str, Any]] = []
    by_fields = lost = 0
    for text in filter(str.strip, ENTRY_SEPARATOR.split(whole[1])):
        entry = text.strip().removesuffix("}") + "}"
        read = parse_json_object(entry.encode())
        if isinstance(read, str):
            read = _fields_of_broken_entry(entry)
            by_fields += bool(read.get("url"))
            lost += not read.get("url")
        found.append(read)
    remarks = []
    if by_fields:
        remarks.append(f"{by_fields} × broken JSON, read by its fields")
    if lost:
        remarks.append(f"{lost} × broken JSON")
    return {"articles": found}, remarks


def _fields_of_broken_entry(entry: str) -> dict[str, Any]:
    """Return the fields that can be recognised in an entry that is not JSON."""
    fields = GDELT_ENTRY_FIELD.findall(entry[:MAX_ENTRY_CHARS])
    return {key: _unescape_value(raw) for key, raw in fields}


def _unescape_value(raw: str) -> str:
    """Return a string whose quotation marks are escaped twice or not at all."""
    text = re.sub(r'\\*"', r"\"", raw)
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return re.sub(r"\\+", "", text)
