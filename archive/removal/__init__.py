"""Remove articles for good, prune old ones, and delete what refers to deleted articles."""
