"""Atom feeds of stories, searches, outlets, events, changes, copies and canned queries."""
