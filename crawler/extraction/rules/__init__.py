"""Rules of single outlets: selectors in the configuration that say where an article is."""
