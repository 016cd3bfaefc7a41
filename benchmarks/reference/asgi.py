"""`uvicorn benchmarks.reference.asgi:application`."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.reference.settings"
django.setup()

from benchmarks.reference.consumers import ChatConsumer  # noqa: E402  # needs the settings

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([re_path(r"^ws/chat/(?P<room>\w+)/$", ChatConsumer.as_asgi())]),
    }
)
