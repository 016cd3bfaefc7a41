from django.apps import AppConfig

# A guest whose time is up is signed out to the minute, by the end of their session; this is about their name.
GUESTS_INTERVAL_S = 300


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from accounts import relations
        from realtime import upkeep
        from rooms import announcing, commands, shell  # noqa: F401 (they register themselves)
        from rooms.services import inheritance  # noqa: F401
        from rooms.services.guests import show_out

        upkeep.every(GUESTS_INTERVAL_S, show_out)
        upkeep.every(announcing.GATHER_S, announcing.tell_now)
        shell.on_boot("relations", relations.at_start)
