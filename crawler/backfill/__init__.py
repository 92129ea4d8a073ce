"""Bringing in files of many pages: where they are, what is wanted of them, and how far one got."""
