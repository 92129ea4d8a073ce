"""`scrapy crawl sitemaps`: what the outlets' sitemaps and news sitemaps list, through indexes,
newer than `since`."""

from crawler.spiders.archive_spider import ArchiveSpider


class SitemapsSpider(ArchiveSpider):
    name = "sitemaps"
    kinds = ("sitemap",)
