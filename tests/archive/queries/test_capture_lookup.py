"""The article of a capture is found by its digest through indexes, in older archives too."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.queries.capture_lookup import (
    ARTICLE_OF_DIGEST_SQL,
    DIGEST_FOUND_SQL,
    article_of_capture,
)
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA

DIGEST, OTHER_DIGEST = "a" * 64, "a" * 63 + "b"


def test_an_archive_of_before_finds_captures_by_digest_through_an_index(tmp_path: Path) -> None:
    names = [name for name, _ in ARCHIVE_SCHEMA.steps]
    steps = ARCHIVE_SCHEMA.steps[: names.index("m022_digests")]
    path = tmp_path / "archive.db"
    with closing(open_database(path, replace(ARCHIVE_SCHEMA, steps=steps))) as db:
        db.execute("INSERT INTO outlets (id, host, added_at) VALUES (1, 'quay.example', '')")
        db.execute(
            """INSERT INTO articles (id, outlet_id, url, text, fetched_at, fingerprint, digest)
               VALUES (7, 1, 'https://quay.example/7', 'Text', '2024-01-01T00:00:00Z', '', ?)""",
            (DIGEST,),
        )
    with closing(open_database(path, ARCHIVE_SCHEMA)) as db:
        assert article_of_capture(db, DIGEST) == 7
        assert article_of_capture(db, OTHER_DIGEST) is None
        for query in ARTICLE_OF_DIGEST_SQL:
            sql = query.format(found=DIGEST_FOUND_SQL)
            plan = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", [DIGEST])]
            assert any("_by_digest (<expr>=?)" in step for step in plan), plan
            assert not any(step.startswith("SCAN") for step in plan), plan


@pytest.mark.parametrize("digest", ["", "a" * 63, "A" * 64, "%" * 64])
def test_what_is_no_digest_names_no_article(tmp_path: Path, digest: str) -> None:
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert article_of_capture(db, digest) is None
