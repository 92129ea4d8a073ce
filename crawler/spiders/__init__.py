"""Every spider works on an archive; `dateline` runs them, and so does `scrapy crawl NAME` in this folder."""
