"""Messages, the room log and read positions over REST."""
