"""The web client's pages about a room's people: who is in it, what may be done to each, and who comes in.

Reading is in `listing`; each of the others is a page of the side panel. What they do are the verbs
of `rooms.services`, which judge; the pages only offer what the table allows.
"""
