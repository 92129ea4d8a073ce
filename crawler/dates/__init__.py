"""Dates and times as people write them, in any language."""
