"""The words of a message about news: a subject and plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from archive.alerts.alert_store import AlertRequest, NewsKind
from archive.records import text_with_standfirst
from archive.text.diff import changed_lines
from archive.text.formatting import many, moment, parse_json_texts
from archive.text.html import text_excerpt
from pipelines.alerts.alert_requests import CHANGE_SUBJECTS, alert_title

MAX_MESSAGE_ITEMS = 20
"""Items told in full."""
MAX_NAMED_ITEMS = 5
"""Items named of those that are not."""
MAX_MESSAGE_TITLE_CHARS = 200
MAX_PASSAGES = 3
"""Changed passages told of one change."""
MAX_PASSAGE_CHARS = 240
CONTEXT_WORDS = 6
"""Unchanged words told before and after the changed ones."""
MAX_MESSAGE_LINES = 1_000
MAX_MESSAGE_WORDS = 2_000
"""Lines of a text, and words of a passage, that are compared."""

CHANGE_LABELS = {"body": "text", "cut": "cut short", "restored": "back again", "gone": "page gone"}


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message as it is sent."""

    title: str
    body: str


NewsRow = tuple[NewsKind, Mapping[str, Any]]
"""The kind of an item and its columns, of `archive.alerts.alert_news.news_details`."""


def alert_message(request: AlertRequest, news: Sequence[NewsRow]) -> AlertMessage:
    """Return the message about news of an alert, of which there is at least one item."""
    told, rest = news[:MAX_MESSAGE_ITEMS], news[MAX_MESSAGE_ITEMS:]
    blocks = [_item_text(kind, row) for kind, row in told]
    if rest:
        named = "; ".join(_item_title(*each) for each in rest[:MAX_NAMED_ITEMS])
        more = "; …" if len(rest) > MAX_NAMED_ITEMS else ""
        blocks.append(f"and {len(rest):,} more: {named}{more}")
    return AlertMessage(_message_title(request, news), "\n\n".join(blocks) + "\n")


def trial_message(request: AlertRequest) -> AlertMessage:
    """Return the message that `dateline notify test` sends."""
    title = alert_title(request)
    return AlertMessage(f"Dateline: test, {title}", f"News of this alert arrives here: {title}.\n")


def _message_title(request: AlertRequest, news: Sequence[NewsRow]) -> str:
    number = len(news)
    if number == 1:
        return text_excerpt(f"Dateline: {_item_title(*news[0])}", MAX_MESSAGE_TITLE_CHARS)
    if request.kind == "changes":
        what = f"{number:,} {CHANGE_SUBJECTS[request.subject]}"
    elif request.kind == "outlets":
        what = f"{many(number, 'outlet')} fallen silent"
    else:
        what = f"{many(number, 'new article')}, {alert_title(request)}"
    return text_excerpt(f"Dateline: {what}", MAX_MESSAGE_TITLE_CHARS)


def _item_title(kind: NewsKind, row: Mapping[str, Any]) -> str:
    """Return an item in one line."""
    if kind == "outlet":
        return f"{row['outlet_name']} has fallen silent"
    if kind == "article":
        return _one_line(row["headline"])
    return f"{change_label(row)}: {_changed_headline(row)}"


def _item_text(kind: NewsKind, row: Mapping[str, Any]) -> str:
    """Return an item in several lines."""
    if kind == "outlet":
        return (
            f"{_item_title(kind, row)}\n{row['outlet']}: last article found on "
            f"{moment(row['since'])}"
        )
    if kind == "article":
        others = row["other_outlets"]
        also = f" · also in {many(others, 'other outlet')}" if others else ""
        return (
            f"{_one_line(row['headline'])}\n{row['outlet_name']} · "
            f"{moment(row['published_at'])}{also}\n{row['url']}"
        )
    lines = [
        _changed_headline(row),
        f"{row['outlet_name']} · {change_label(row)} · seen on {moment(row['seen_at'])}",
        row["url"],
        *_change_lines(row),
    ]
    return "\n".join(lines)


def change_label(row: Mapping[str, Any]) -> str:
    """Return what changed: `headline, text, silently`."""
    labels = [CHANGE_LABELS.get(kind, kind) for kind in parse_json_texts(row["kinds"])]
    return ", ".join([*labels, *(["silently"] if row["stealth"] else [])]) or "changed"


def _changed_headline(row: Mapping[str, Any]) -> str:
    return _one_line(
        row["headline"] or row["headline_before"] or row["newest_headline"] or row["url"]
    )


def _one_line(text: str) -> str:
    return text_excerpt(text, MAX_MESSAGE_TITLE_CHARS)


# -- the words before and after --------------------------------------------------------------------


def _change_lines(row: Mapping[str, Any]) -> list[str]:
    """Return the lines about what was there before a change and after it."""
    kinds = parse_json_texts(row["kinds"])
    if "gone" in kinds:
        return [f"The page is gone: {row['gone_reason'] or 'not found twice in a row'}"]
    if not row["text_before"] or not row["text"]:
        return []
    lines: list[str] = []
    if "headline" in kinds and row["headline_before"]:
        lines += [f"− {_one_line(row['headline_before'])}", f"+ {_one_line(row['headline'] or '')}"]
    passages = changed_passages_text(
        text_with_standfirst(row["text_before"], row["standfirst_before"]),
        text_with_standfirst(row["text"], row["standfirst"]),
    )
    for before, after in islice(passages, MAX_PASSAGES):
        lines += [f"− {before}"] if before else []
        lines += [f"+ {after}"] if after else []
    if len(passages) > MAX_PASSAGES:
        lines.append(f"and {many(len(passages) - MAX_PASSAGES, 'more passage')}")
    return lines


def changed_passages_text(before: str, after: str) -> list[tuple[str, str]]:
    """Return the passages that differ, old and new, each with a few unchanged words around it.

    A passage that was only added or only removed has an empty other side.
    """
    found = [
        _trimmed_passage(" ".join(old), " ".join(new))
        for old, new in changed_lines(before, after, MAX_MESSAGE_LINES)
    ]
    return [pair for pair in found if pair[0] != pair[1]]


def _trimmed_passage(before: str, after: str) -> tuple[str, str]:
    """Return two passages without the words that both begin or end with, but for a few."""
    separator = " " if " " in f"{before}{after}".strip() else ""
    old = (before.split() if separator else list(before))[:MAX_MESSAGE_WORDS]
    new = (after.split() if separator else list(after))[:MAX_MESSAGE_WORDS]
    start = _count_common(old, new)
    shortest = min(len(old), len(new)) - start
    end = min(shortest, _count_common(old[::-1], new[::-1]))
    return (
        _words_between(old, start, end, separator) if old else "",
        _words_between(new, start, end, separator) if new else "",
    )


def _count_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two lists have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _words_between(words: Sequence[str], start: int, end: int, separator: str) -> str:
    """Return words without the first `start` and the last `end`, but with a few of them."""
    first = max(0, start - CONTEXT_WORDS)
    last = min(len(words), len(words) - end + CONTEXT_WORDS)
    kept = text_excerpt(separator.join(words[first:last]), MAX_PASSAGE_CHARS)
    opening, closing = "… " if first else "", " …" if last < len(words) else ""
    return f"{opening}{kept}{closing}"
