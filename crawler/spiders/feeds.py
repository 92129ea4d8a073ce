"""Spider `feeds`: fetches what the outlets' feeds list."""

from crawler.spiders.archive_spider import ArchiveSpider


class FeedsSpider(ArchiveSpider):
    """Reads feeds only."""

    name = "feeds"
    kinds = ("feed",)
