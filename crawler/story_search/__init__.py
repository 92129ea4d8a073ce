"""Where to look for the coverage of one story."""
