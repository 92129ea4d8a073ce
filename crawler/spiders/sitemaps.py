"""`scrapy crawl sitemaps`: what the outlets' sitemaps and news sitemaps list, through indexes, newer than `since`."""

from crawler.spiders.base import ArchiveSpider


class SitemapsSpider(ArchiveSpider):
    name = "sitemaps"
    kinds = ("sitemap",)
