from django.apps import AppConfig

# A day: partitions are made months ahead, and on demand besides.
PARTITIONS_EVERY_S = 86_400
# Votes are refused from the very moment; that it is over is said a few seconds later at most.
POLLS_EVERY_S = 5


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Messages"

    def ready(self) -> None:
        from messaging import commands, lists, notices, partitions, polls, purging  # noqa: F401 (they register themselves)
        from messaging.receipts import commands as receipt_commands  # noqa: F401
        from messaging.rendering import renewal  # noqa: F401
        from realtime import upkeep
        from rooms import shell

        upkeep.every(PARTITIONS_EVERY_S, partitions.ensure_coming)
        upkeep.every(POLLS_EVERY_S, polls.close_due)
        shell.on_boot("threads", lists.standing)
