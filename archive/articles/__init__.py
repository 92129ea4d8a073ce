"""Articles and what is derived from them: revisions, copies, events, stories."""
