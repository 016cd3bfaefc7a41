"""Rooms and their members over REST. Views are thin: they find by the query root and call services."""
