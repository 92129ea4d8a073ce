"""The pages, feeds and files of several archives together, below `/-/all/`."""
