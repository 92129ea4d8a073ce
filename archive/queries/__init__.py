"""Answers from the archive: one article, a search, a status report."""
