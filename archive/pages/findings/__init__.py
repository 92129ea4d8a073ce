"""The pages of what the archive finds: events, changes, copies, and attention over time."""
