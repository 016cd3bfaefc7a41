from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from realtime import upkeep
        from rooms import announcing, commands  # noqa: F401 (they register themselves)

        upkeep.every(announcing.GATHER_S, announcing.tell_now)
