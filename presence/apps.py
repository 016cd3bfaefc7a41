from django.apps import AppConfig


class PresenceConfig(AppConfig):
    name = "presence"

    def ready(self) -> None:
        from accounts.availability import described
        from presence import commands, here, showing  # noqa: F401 (they register themselves)
        from rooms import shell

        shell.on_boot("availability", described)
