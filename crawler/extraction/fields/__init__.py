"""Finds an article's headline, authors, dates and other fields on its page."""
