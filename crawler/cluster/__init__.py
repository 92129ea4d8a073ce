"""Many hands: a Dask cluster that reads, while this process alone writes the archive."""
