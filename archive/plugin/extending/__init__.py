"""Additions of users to the pages: their questions, and sources of the content policy."""
