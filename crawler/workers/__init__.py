"""Worker processes that parse untrusted documents."""
