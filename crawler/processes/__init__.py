"""Start and end of processes."""
