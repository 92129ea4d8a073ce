"""Spiders, which `dateline` runs, and `scrapy crawl NAME` in the project's folder as well."""
