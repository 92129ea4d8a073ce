"""The middleware and limits around Datasette: permissions, public mode, resources, and headers."""
