from django.apps import AppConfig


class RoomsConfig(AppConfig):
    name = "rooms"
    verbose_name = "Rooms"

    def ready(self) -> None:
        from accounts import relations
        from rooms import shell

        shell.on_boot("relations", relations.at_start)
