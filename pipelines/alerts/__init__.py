"""Decisions about alerts: what is asked for, when to send it, and in which words."""
