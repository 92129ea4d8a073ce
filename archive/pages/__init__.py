"""The data of each page: from a database connection to plain rows, without a web server."""
