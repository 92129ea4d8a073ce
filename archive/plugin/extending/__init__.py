"""What users add to the pages: questions, open pages, sources of the content policy."""
