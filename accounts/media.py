"""Serving the pictures of people and rooms, and nothing else of the media folder.

An address names one picture for good and cannot be guessed, so no session is asked for: whoever was
shown the person or room has been given it, programs and mails included.
"""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import pictures

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    # Opened by itself it is a picture and can't become anything else.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """One square of a picture. 404: it is no name that `pictures` gives, or the picture has been removed."""
    if pictures.stem_of(name) is None:
        raise Http404
    try:
        with default_storage.open(name) as file:
            content = file.read()  # some kilobytes; ASGI would read a stream whole before sending it
    except FileNotFoundError:
        raise Http404 from None
    return HttpResponse(content, content_type=pictures.MEDIA_TYPE, headers=HEADERS)
