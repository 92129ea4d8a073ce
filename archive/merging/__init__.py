"""Merge another archive into this one: nothing twice, and everything in the order of time."""
