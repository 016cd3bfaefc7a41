"""Previews as sockets see them come and go, from the worker inside a real server."""

from __future__ import annotations

from django.utils import timezone

from messaging.models import LinkPreview
from messaging.previews import work
from tests.fixtures_server import World


async def test_a_socket_dismisses_a_preview_and_others_see_it_go(world: World) -> None:
    alice, bob = await world.people(2)
    room = await world.room(alice, bob)
    ears, mouth = await world.socket(alice, audience="web"), await world.socket(bob)
    # A server of the suite goes by the product's own policy: what it would have found is put here.
    url = "http://good.test/"

    def know() -> None:
        LinkPreview.objects.update_or_create(
            digest=work.digest_of(url),
            defaults={"url": url, "title": "Known", "site": "good.test", "fetched_at": timezone.now()},
        )

    await world.shell(know)
    message = await mouth.sent(str(room.pk), url)
    told = await ears.expect("message.previewed")
    assert [each["title"] for each in told["data"]["previews"]] == ["Known"]
    assert "Known" in told["fragment"]
    await mouth.say("preview.dismiss", ref="away", message=message["id"], url=url)
    assert (await mouth.expect("ack", ref="away"))["data"]["previews"] == []
    told = await ears.expect("message.previewed")
    assert told["data"]["previews"] == []
