"""How this program starts and stops processes."""
