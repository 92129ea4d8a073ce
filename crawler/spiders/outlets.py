"""`scrapy crawl outlets`, which is `dateline crawl`: what feeds and sitemaps of all outlets list."""

from crawler.spiders.base import ArchiveSpider


class OutletsSpider(ArchiveSpider):
    name = "outlets"
    kinds = ("feed", "sitemap")
