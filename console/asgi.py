"""The ASGI callable that uvicorn serves: Django, and beside it the streams of open pages."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

django = get_asgi_application()

from console.live import stream  # noqa: E402 - its models need Django to be set up

streams = stream.Streams()


async def application(scope: Any, receive: Any, send: Any) -> None:
    here = scope["type"] == "http" and scope["path"] == stream.PATH
    await (streams if here else django)(scope, receive, send)
