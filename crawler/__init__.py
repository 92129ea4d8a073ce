"""Finds coverage: commands, spiders, services, and what reads feeds and pages."""
