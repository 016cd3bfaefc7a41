"""SQLite as Django's own backend runs it, with one queue for the writers of a process."""
