"""Spider `outlets`, behind `dateline crawl`: fetches what the feeds and sitemaps of outlets
list."""

from crawler.spiders.archive_spider import ArchiveSpider


class OutletsSpider(ArchiveSpider):
    """Reads feeds and sitemaps."""

    name = "outlets"
    kinds = ("feed", "sitemap")
