"""Decide which articles are the same, copies, revisions or gone."""
