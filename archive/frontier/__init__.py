"""The queue of the crawls: URLs, sources, outlets, pauses."""
