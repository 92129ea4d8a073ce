"""Which articles belong to an event or a story."""
