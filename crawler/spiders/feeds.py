"""`scrapy crawl feeds`: what the outlets' feeds list."""

from crawler.spiders.base import ArchiveSpider


class FeedsSpider(ArchiveSpider):
    name = "feeds"
    kinds = ("feed",)
