"""Answers that true services gave, as far as they are beside the checkout: each is read, with the
counts that it has.

GDELT's are synthetic, all others were recorded. Expected: (leads, headlines, further asks, begin of
the problem).
"""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from pathlib import Path

import pytest

from crawler.services import SearchQuery, ServiceAnswer, ServiceRequest, service_named

pytestmark = pytest.mark.shared

ANSWERS: dict[str, dict[str, tuple[int, int, int, str | None]]] = {
    "gdelt": {
        "gdelt_doc_synthetic/GEON_gdelt_sample.json": (3, 0, 0, None),
        "gdelt_doc_synthetic/ignifer_gdelt_empty.json": (0, 0, 0, None),
        "gdelt_doc_synthetic/ignifer_gdelt_response.json": (2, 0, 0, None),
        "gdelt_doc_synthetic/vgi-news_gdelt_artlist.json": (3, 0, 0, None),
    },
    "google-news": {
        "google_news_rss/bears_ears_20260714.xml": (0, 92, 0, None),
        "google_news_rss/crawinsight_google.xml": (0, 100, 0, None),
        "google_news_rss/de_top_20220719_trimmed.xml": (3, 0, 0, None),
    },
    "wayback": {
        "wayback_cdx/bad_timestamp_cdx.txt": (2, 0, 0, None),
        "wayback_cdx/fws-gov-birds.txt": (0, 0, 1, "The Wayback Machine sent a web page"),
        "wayback_cdx/malformed_cdx.txt": (1, 0, 0, None),
        "wayback_cdx/test_search_0.txt": (1, 0, 0, None),
        "wayback_cdx/test_search_multipage_0.txt": (1, 0, 1, None),
        "wayback_cdx/test_search_multipage_14.txt": (0, 0, 0, None),
        "wayback_cdx/test_search_raises_for_blocked_urls_0.txt": (
            0,
            0,
            0,
            "The Wayback Machine does not show",
        ),
        "wayback_cdx/test_search_with_date_0.txt": (0, 0, 1, None),
        "wayback_cdx/test_search_with_filter_tuple_0.txt": (0, 0, 0, None),
        "wayback_cdx/tutorial_0.txt": (1, 0, 1, None),
        "wayback_cdx/zero_length_cdx.txt": (1, 0, 0, None),
    },
}
CASES = [
    (name, path, expected) for name, files in ANSWERS.items() for path, expected in files.items()
]
FOLDERS = {
    "gdelt": "gdelt_doc_synthetic",
    "google-news": "google_news_rss*",
    "wayback": "wayback_c*",
}


def read(name: str, body: bytes, step: str = "pages", status: int = 200) -> ServiceAnswer:
    return service_named(name).read(
        body,
        ServiceRequest("https://service.example/?a=b", SearchQuery(("x",)), step, language="en"),
        status,
    )


@pytest.mark.parametrize(("name", "path", "expected"), CASES)
def test_a_recorded_answer_is_read_with_the_counts_that_it_has(shared: Path, name, path, expected):
    answer = read(name, (shared / "corpus" / "apis" / path).read_bytes())
    found = (len(answer.leads), len(answer.headlines), len(answer.asks))
    assert found == expected[:3]
    assert (answer.problem is None) == (expected[3] is None)
    assert (answer.problem or "").startswith(expected[3] or "")


@pytest.mark.parametrize("name", FOLDERS)
def test_every_recorded_answer_is_read_by_every_step_without_an_exception(shared: Path, name):
    files = [
        path
        for path in sorted((shared / "corpus" / "apis").glob(f"{FOLDERS[name]}/*"))
        if path.is_file()
    ]
    assert len(files) >= 4
    for path in files:
        for step in ("search", "pages", "captures"):
            assert isinstance(read(name, path.read_bytes(), step), ServiceAnswer), path


def test_all_pages_of_one_recorded_search_lead_on_by_their_keys(shared: Path):
    """Fifteen answers to one search: each but the last names the key that the next was asked
    with."""
    folder = shared / "corpus" / "apis"
    cassette = (folder / "wayback_cassettes" / "test_search_multipage.yaml").read_text(
        encoding="utf-8"
    )
    asked = re.findall(r"uri: \S+resumeKey=(\S+)", cassette)
    keys = []
    for number in range(15):
        answer = read(
            "wayback", (folder / "wayback_cdx" / f"test_search_multipage_{number}.txt").read_bytes()
        )
        keys += [ask.url.partition("&resumeKey=")[2] for ask in answer.asks]
    assert keys == asked
    assert len(keys) == 14


def test_the_bodies_within_recorded_sessions_are_read_with_the_status_they_came_with(shared: Path):
    sessions = sorted((shared / "corpus" / "apis" / "wayback_cassettes").glob("*.yaml"))
    found = [
        exchange for path in sessions for exchange in exchanges(path.read_text(encoding="utf-8"))
    ]
    answers = [read("wayback", body, status=status) for body, status in found]
    assert len(found) > 50
    assert any(answer.leads for answer in answers)
    assert any(
        status == 403 and "does not show" in (a.problem or "")
        for a, (_, status) in zip(answers, found, strict=True)
    )


def exchanges(cassette: str) -> list[tuple[bytes, int]]:
    """The bodies in base64, inflated, and the statuses they came with."""
    found = []
    for part in cassette.split("- request:")[1:]:
        body = re.search(r"!!binary \|\n((?:\s+[A-Za-z0-9+/=]+\n)+)", part)
        status = re.search(r"\n\s+code: (\d{3})", part)
        if body and status:
            raw = base64.b64decode("".join(body[1].split()))
            found.append((inflated(raw), int(status[1])))
    return found


def inflated(raw: bytes) -> bytes:
    try:
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error):
        return raw


def test_recorded_headlines_name_outlet_host_and_moment(shared: Path):
    answer = read(
        "google-news",
        (shared / "corpus" / "apis" / "google_news_rss" / "bears_ears_20260714.xml").read_bytes(),
    )
    assert all(
        h.host and h.outlet and h.published_at and h.published_at.endswith("Z")
        for h in answer.headlines
    )
    assert not any(h.headline.endswith(f"- {h.outlet}") for h in answer.headlines)
    # 69 addresses, one of them with and without www
    assert len({h.host for h in answer.headlines}) == 68
