"""What Django's messages have to say, for the pages that somebody looks at."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

# Of a request: the client reads the page for a part of it, and shows none of the rest.
PART_HEADER = "X-Part"


def kept_for_later(request: HttpRequest) -> dict[str, Any]:
    """Hide `messages` where nobody would see them: they are used up by being shown.

    A client reads pages in the background at any time, between a form and the page it leads to as well.
    """
    in_background = request.headers.get(PART_HEADER) == "1" or "prefetch" in request.headers.get("Sec-Purpose", "")
    return {"messages": ()} if in_background else {}
