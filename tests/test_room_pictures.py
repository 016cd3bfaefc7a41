"""A room's picture: who gives it one, who hears of it, and what is no picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from rooms import services
from rooms.models import LogEntry, Role, Room
from rooms.summaries import summaries
from tests.contract import ContractClient
from tests.factories import Cast, set_role
from tests.test_members_pages import of, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(content: bytes | None = None) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(out, "PNG")
    return SimpleUploadedFile("room.png", content or out.getvalue(), "image/png")


def api(user: User) -> ContractClient:
    client = ContractClient()
    client.force_authenticate(user)
    return client


def test_an_admin_gives_the_room_a_picture_that_its_members_see(cast: Cast, media: Path) -> None:
    set_role(cast.team, cast.bob, Role.ADMIN)
    room = services.set_picture(cast.bob, cast.team, upload())
    assert sorted(path.name.rsplit("-")[-1] for path in (media / "rooms").iterdir()) == [
        "128.webp",
        "48.webp",
        "512.webp",
    ]
    address = summaries(cast.carol.pk)[0].avatar
    assert address is not None
    assert address.endswith("-128.webp")
    told = LogEntry.objects.filter(room=room, kind="room.changed").latest("seq")
    assert told.payload["avatar"] == address
    assert address in text(of(cast.carol).get("/rooms/", headers={"X-Panel": "0"}))  # in the side bar


def test_who_may_not_change_the_room_gives_it_none(cast: Cast, media: Path) -> None:
    answer = api(cast.carol).put(f"/api/v1/rooms/{cast.team.pk}/avatar/", {"avatar": upload()}, format="multipart")
    assert answer.status_code == 403
    stranger = api(cast.mallory).put(f"/api/v1/rooms/{cast.team.pk}/avatar/", {"avatar": upload()}, format="multipart")
    assert stranger.status_code == 404
    assert api(cast.carol).delete(f"/api/v1/rooms/{cast.team.pk}/avatar/").status_code == 403
    assert not (media / "rooms").exists()


def test_a_picture_comes_and_goes_over_rest(cast: Cast) -> None:
    url = f"/api/v1/rooms/{cast.team.pk}/avatar/"
    answer = api(cast.alice).put(url, {"avatar": upload()}, format="multipart")
    assert answer.json()["avatar"].startswith("/media/rooms/")
    assert api(cast.alice).delete(url).json()["avatar"] is None
    assert not Room.objects.get(pk=cast.team.pk).avatar


def test_what_is_no_picture_is_refused_in_the_panel_and_over_rest(cast: Cast) -> None:
    fake = SimpleUploadedFile("room.png", b"<svg onload=alert(1)>", "image/png")
    answer = api(cast.alice).put(f"/api/v1/rooms/{cast.team.pk}/avatar/", {"avatar": fake}, format="multipart")
    assert answer.status_code == 400
    fake.seek(0)
    client = of(cast.alice)
    client.post(f"/r/{cast.team.slug}/picture/", {"avatar": fake})
    assert "is-error" in text(client.get(f"/r/{cast.team.slug}/settings/"))
    client.post(f"/r/{cast.team.slug}/picture/")
    assert "Choose a picture first." in text(client.get(f"/r/{cast.team.slug}/settings/"))
    client.post(f"/r/{cast.team.slug}/picture/", {"avatar": upload()})
    assert Room.objects.get(pk=cast.team.pk).avatar
    assert "Another picture" in text(client.get(f"/r/{cast.team.slug}/settings/"))
    client.post(f"/r/{cast.team.slug}/picture/", {"remove": "1"})
    assert not Room.objects.get(pk=cast.team.pk).avatar
