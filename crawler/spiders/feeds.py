"""`scrapy crawl feeds`: what the outlets' feeds list."""

from crawler.spiders.archive_spider import ArchiveSpider


class FeedsSpider(ArchiveSpider):
    name = "feeds"
    kinds = ("feed",)
