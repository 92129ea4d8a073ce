"""Decide when a page, feed or sitemap is fetched next."""
