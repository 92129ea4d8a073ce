"""What to fetch next: URLs, sources, outlets, pauses."""
