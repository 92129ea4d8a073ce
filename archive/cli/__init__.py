"""The commands that read the archive, and their output in a terminal."""
