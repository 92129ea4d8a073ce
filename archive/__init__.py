"""Keeps and shows: the SQLite files, queries, exports and the Datasette plugin."""
