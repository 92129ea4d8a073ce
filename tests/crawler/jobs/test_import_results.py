"""What an import says of pages that it left out."""

from __future__ import annotations

from archive.records import Article, Check
from crawler.jobs.import_files import ImportResult

URL = "https://harbour.example/news/ferry"
AT = "2026-03-01T06:00:00Z"


def test_a_page_that_a_stage_refused_is_reported_with_the_reason_and_not_as_removed() -> None:
    for article in (None, Article(URL, text="Ferries sail again.")):
        result = ImportResult()
        result.note(Check(URL, "refused", AT, article=article, reason="a press release"), "refused")
        assert result.summary() == "1 refused"
        assert result.lines() == [f"{URL}: refused: a press release"]


def test_a_page_of_a_removed_article_is_counted_as_removed_before() -> None:
    result = ImportResult()
    result.note(Check(URL, "new", AT, article=Article(URL, text="Ferries sail again.")), "refused")
    assert result.summary() == "1 removed before"
    assert len(result.lines()) == 1
    assert "`dateline remove --list`" in result.lines()[0]
