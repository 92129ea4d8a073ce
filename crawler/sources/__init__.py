"""Feeds, sitemaps, home pages and lists of outlets, parsed into leads."""
