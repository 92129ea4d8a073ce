"""Saved pages, WARC files and other captures in files."""
