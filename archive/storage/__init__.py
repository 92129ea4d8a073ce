"""SQLite files: schema, connections, captures, locks, snapshots."""
