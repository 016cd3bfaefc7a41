"""The socket commands of this app: on rooms, on their members and invitations, and on one's own side bar.

Each does what its call of the REST API does.
"""

from rooms.commands import members, own, rooms  # they register themselves

__all__ = ["members", "own", "rooms"]
