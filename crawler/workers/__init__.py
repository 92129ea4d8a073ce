"""Worker processes that parse what strangers wrote."""
