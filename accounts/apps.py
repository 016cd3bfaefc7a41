from django.apps import AppConfig

PURGE_INTERVAL_S = 3_600  # what has run out opens nothing any more; this is only to tidy up


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import commands, signals  # noqa: F401 (they register themselves)
        from accounts.services import sessions
        from realtime import upkeep

        upkeep.every(PURGE_INTERVAL_S, sessions.purge)
