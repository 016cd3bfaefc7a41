"""The ASGI application: HTTP to Django, `/ws/` to the gateway."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
http = get_asgi_application()  # sets Django up; what follows may import models

from chat_project.body_limit import BodyLimit  # noqa: E402
from realtime.gateway import Gateway  # noqa: E402
from realtime.lifespan import lifespan  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http, settings.REQUEST_MAX_BYTES),
        "websocket": URLRouter([path("ws/", Gateway.as_asgi())]),
        "lifespan": lifespan,
    }
)
