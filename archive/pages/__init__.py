"""What the pages show: from a connection to plain rows for a template; no web server here."""
