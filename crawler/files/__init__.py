"""Captures in files: saved pages, WARC and ARC."""
