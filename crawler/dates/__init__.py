"""Reads dates and times as people and programs write them, in any language."""
