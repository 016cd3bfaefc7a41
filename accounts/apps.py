from django.apps import AppConfig

# How late open pages hear that a status has ended; what is read anew shows it no longer at once.
STATUSES_EVERY_S = 10


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import services, signals  # noqa: F401 (its receivers register themselves)
        from realtime import upkeep

        upkeep.every(STATUSES_EVERY_S, services.end_statuses)
