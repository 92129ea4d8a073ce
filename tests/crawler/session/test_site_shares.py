"""What one site costs the crawl and its archive has a bound, and costs the others nothing."""

from __future__ import annotations

from crawler.session.site_shares import (
    FREE_SITE_SECONDS,
    MAX_ARTICLE_COPIES_BYTES,
    MAX_COPY_BYTES,
    MAX_OTHER_COPIES_BYTES,
    MAX_SITE_TIME_SHARE,
    SiteShares,
)

MIRE, COURIER = "http://blog.mire.example/1", "http://courier.example/1"
HOSTS = ["mire.example", "www.mire.example", "courier.example"]


def test_a_site_that_took_more_than_its_share_waits_with_all_its_hosts():
    shares = SiteShares(0.0)
    shares.add_cost(MIRE, FREE_SITE_SECONDS + 1)
    shares.add_cost(COURIER, 1.0)
    assert shares.greedy_hosts(HOSTS, 10.0) == ["mire.example", "www.mire.example"]


def test_what_it_took_is_forgiven_as_time_passes():
    shares = SiteShares(0.0)
    shares.add_cost(MIRE, 30.0)
    assert shares.greedy_hosts(HOSTS, 29.0 / MAX_SITE_TIME_SHARE)
    assert not shares.greedy_hosts(HOSTS, 31.0 / MAX_SITE_TIME_SHARE)


def test_the_first_seconds_are_nobodys_fault():
    shares = SiteShares(0.0)
    shares.add_cost(MIRE, FREE_SITE_SECONDS)
    assert shares.greedy_hosts(HOSTS, 1.0) == []


def kept(shares: SiteShares, size: int, many: int, *, article: bool) -> int:
    """How many of so many pages a copy is kept of."""
    return sum(shares.copy_refusal(MIRE, size, article=article) is None for _ in range(many))


def test_of_pages_that_are_no_articles_so_many_bytes_are_kept_of_a_site():
    shares = SiteShares(0.0)
    assert kept(shares, 1_000_000, 200, article=False) == MAX_OTHER_COPIES_BYTES // 1_000_000
    assert kept(shares, 1_000_000, 200, article=True) == 200
    assert shares.copy_refusal(COURIER, 1_000_000, article=False) is None


def test_ten_thousand_ordinary_articles_are_all_kept():
    assert kept(SiteShares(0.0), MAX_ARTICLE_COPIES_BYTES // 10_000, 10_000, article=True) == 10_000


def test_of_a_page_that_is_larger_than_any_newspapers_no_copy_is_kept():
    shares = SiteShares(0.0)
    assert "larger than 8 MiB" in (
        shares.copy_refusal(MIRE, MAX_COPY_BYTES + 1, article=True) or ""
    )
    assert shares.copy_refusal(MIRE, MAX_COPY_BYTES, article=True) is None
