"""`scrapy crawl outlets`, which is `dateline crawl`: feeds and sitemaps of all outlets, and the pages that they list."""

from crawler.spiders.base import ArchiveSpider


class OutletsSpider(ArchiveSpider):
    name = "outlets"
    kinds = ("feed", "sitemap")
