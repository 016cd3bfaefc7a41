"""The ASGI application: HTTP to Django, `/ws/` to the gateway."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings")
http = get_asgi_application()  # sets Django up; what follows may import models

from realtime.gateway import Gateway  # noqa: E402
from realtime.lifespan import lifespan  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter([path("ws/", Gateway.as_asgi())]),
        "lifespan": lifespan,
    }
)
