from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Background work"

    def ready(self) -> None:
        from jobs import serving
        from realtime import lifespan

        lifespan.with_server(serving.start, serving.stop)
