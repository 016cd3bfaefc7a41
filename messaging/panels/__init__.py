"""The pages of the side panel that are made of messages; the frame around them is `rooms.panels`."""
