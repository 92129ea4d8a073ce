"""Spider `sitemaps`: fetches entries of sitemaps and their indexes that are newer than `since`."""

from crawler.spiders.archive_spider import ArchiveSpider


class SitemapsSpider(ArchiveSpider):
    """Reads sitemaps and news sitemaps only."""

    name = "sitemaps"
    kinds = ("sitemap",)
