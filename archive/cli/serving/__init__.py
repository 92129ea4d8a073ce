"""`dateline serve`: Datasette on the archive, with its options, passwords and connections."""
