"""The reports that crawls and `extract --explain` print."""
