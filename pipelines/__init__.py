"""The decisions: each stage takes an article and returns an article or a decision about one."""
