"""Changes made on the pages: follow stories, write notes, manage outlets, remove articles."""
