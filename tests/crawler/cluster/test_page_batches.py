"""What travels between driver and workers arrives as it was."""

from __future__ import annotations

import pytest

from archive.errors import DatelineError, ReadingError, SourceError
from archive.records import Article, Capture
from crawler.cluster.page_batches import (
    PageAnswer,
    PageToRead,
    pack_answers,
    pack_pages,
    unpack_answers,
    unpack_pages,
)
from crawler.extraction.extract import extract_article
from crawler.sources.navigation_parser import article_and_navigation
from pipelines.text_features import with_text_features
from tests.warcs import article_body, article_url

CAPTURE = Capture(
    article_url(1),
    article_body(1),
    headers=(("ETag", '"1"'), ("Content-Type", "text/html")),
    fetched_at="2026-03-30T00:00:00Z",
    final_url="http://paper1.example/moved",
    redirects=(article_url(1),),
)


def test_pages_arrive_with_all_that_is_known_of_them():
    pages = [PageToRead(CAPTURE), PageToRead(CAPTURE, "page and ways", ("rule",), 2.0)]
    assert unpack_pages(pack_pages(pages)) == pages


def test_an_article_arrives_with_the_features_of_its_text():
    article = with_text_features(extract_article(CAPTURE))
    assert article.features is not None
    (back,) = unpack_answers(pack_answers([PageAnswer(article, 0.25, "desk")]))
    assert back == PageAnswer(article, 0.25, "desk")
    assert isinstance(back.document, Article)
    assert back.document.features == article.features  # which a comparison of articles leaves out


def test_an_article_arrives_with_the_links_of_its_page():
    found = article_and_navigation(CAPTURE)
    (back,) = unpack_answers(pack_answers([PageAnswer(found)]))
    assert back.document == found


@pytest.mark.parametrize("kind", [ReadingError, SourceError, DatelineError])
def test_a_failure_arrives_as_what_it_was_and_names_its_worker(kind):
    answer = PageAnswer(kind("http://paper1.example/: took too long"), 0.0, "desk")
    (back,) = unpack_answers(pack_answers([answer]))
    with pytest.raises(kind, match=r"http://paper1\.example/: took too long \(worker desk\)"):
        _ = back.document


def test_pages_of_one_site_take_a_fraction_of_their_bytes_on_the_way():
    pages = [PageToRead(Capture(article_url(n), article_body(n))) for n in range(0, 112, 7)]
    assert len(pack_pages(pages)) < sum(len(page.capture.body) for page in pages) / 3
