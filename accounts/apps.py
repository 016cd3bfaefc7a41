from django.apps import AppConfig

PURGE_INTERVAL_S = 3_600  # what has run out opens nothing any more; this is only to tidy up
# How late open pages hear that a status has ended; what is read anew shows it no longer at once.
STATUSES_EVERY_S = 10


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import commands, services, signals  # noqa: F401 (they register themselves)
        from accounts.services import sessions
        from realtime import upkeep

        upkeep.every(PURGE_INTERVAL_S, sessions.purge)
        upkeep.every(STATUSES_EVERY_S, services.end_statuses)
