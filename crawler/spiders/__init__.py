"""The spiders, which `dateline` runs, and so does `scrapy crawl NAME` in this folder."""
