"""Extracts the article from a captured page."""
