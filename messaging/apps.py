from django.apps import AppConfig
from django.db.models.signals import post_migrate

# A day: partitions are made months ahead, and on demand besides.
PARTITIONS_EVERY_S = 86_400
# Votes are refused from the very moment; that it is over is said a few seconds later at most.
POLLS_EVERY_S = 5
# Once would do; it costs nothing when it has been done.
WARM_UP_EVERY_S = 86_400


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        from messaging import commands, lists, notices, partitions, polls, purging  # noqa: F401 (they register themselves)
        from messaging.receipts import commands as receipt_commands  # noqa: F401
        from messaging.rendering import renewal, warm_up  # noqa: F401
        from realtime import upkeep
        from rooms import shell

        post_migrate.connect(partitions.make_coming, sender=self)
        upkeep.every(PARTITIONS_EVERY_S, partitions.ensure_coming)
        upkeep.every(POLLS_EVERY_S, polls.close_due)
        upkeep.every(WARM_UP_EVERY_S, warm_up)
        shell.on_boot("threads", lists.standing)
