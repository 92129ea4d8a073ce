"""Policies that assign articles to events and to followed stories."""
