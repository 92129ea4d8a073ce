"""The configuration of an archive: its options by name, `dateline.toml`, and what is in force."""
