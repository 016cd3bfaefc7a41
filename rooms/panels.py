"""Pages of the side panel: a whole page at their own address, only their content when the panel asks.

Any app makes its panels with `panel` and a template that extends `panels/base.html`; the client's
part is `static/js/controllers/panel.js`. What the panels show is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from accounts.requests import user_of
from rooms.shell import shell

# Of a request: the side panel asks for its content. Of an answer: it is a panel's content, and not,
# say, the page where one signs in.
PANEL_HEADER = "X-Panel"
# Of an answer to the panel: the page, not a panel's, that the browser goes to.
AWAY_HEADER = "X-Panel-Away"


def is_for_panel(request: HttpRequest) -> bool:
    return request.headers.get(PANEL_HEADER) == "1"


def panel(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    kind: str,
    title: str,
    slug: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer a signed-in user with a panel's content, or with the page around it when opened directly.

    `kind` is the name by which modules of the client find it, `title` what stands over it, and `slug`
    names the room that it belongs to, if it belongs to one.
    """
    bare = is_for_panel(request)
    context = {
        **context,
        "kind": kind,
        "title": title,
        "is_whole": not bare,
        "frame": "panels/bare.html" if bare else "panels/page.html",
    }
    if not bare:
        context["shell"] = shell(user_of(request), slug)
    response = render(request, template, context, status=status)
    patch_vary_headers(response, [PANEL_HEADER])
    if bare:
        response.headers[PANEL_HEADER] = "1"
    return response


def lead_away(request: HttpRequest, address: str) -> HttpResponse:
    """Lead who sent a form to a page that is no panel's.

    The panel would follow a redirect by itself, and the page's notice would be used up unseen.
    """
    if not is_for_panel(request):
        return redirect(address)
    return HttpResponse(status=204, headers={AWAY_HEADER: address})
