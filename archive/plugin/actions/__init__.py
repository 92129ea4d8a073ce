"""What people may do on the pages: follow, note, add and pause outlets, save searches."""
