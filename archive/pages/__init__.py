"""What the pages show: from a connection to plain rows, ready for a template. No web server is known here."""
