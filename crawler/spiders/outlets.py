"""`scrapy crawl outlets`, which is `dateline crawl`: what feeds and sitemaps of all outlets
list."""

from crawler.spiders.archive_spider import ArchiveSpider


class OutletsSpider(ArchiveSpider):
    name = "outlets"
    kinds = ("feed", "sitemap")
