"""Commands that people type, one module for each task."""
