"""A room's picture: who gives it one, who hears of it, and what is no picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from audit.models import AuditEntry
from rooms import services
from rooms.models import LogEntry, Role, Room
from rooms.summaries import summaries
from tests.contract import ContractClient
from tests.factories import Cast, set_role
from tests.test_admin import act, page_of, said, signed_in
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


def test_who_uploads_too_many_waits_whatever_they_are_of(cast: Cast) -> None:
    """One person's pictures, of rooms and of themselves, are decoded at one pace."""
    client, url = api(cast.alice), f"/api/v1/rooms/{cast.team.pk}/avatar/"
    while (answer := client.put(url, {"avatar": upload()}, format="multipart")).status_code == 200:
        pass
    assert answer.status_code == 429
    assert client.put("/api/v1/me/avatar/", {"avatar": upload()}, format="multipart").status_code == 429
    browser = of(cast.alice)
    browser.post(f"/r/{cast.team.slug}/picture/", {"avatar": upload()})
    assert "too often" in text(browser.get(f"/r/{cast.team.slug}/settings/"))
    assert client.delete(url).json()["avatar"] is None  # what is there already can always be taken away
    services.set_picture(services.Staff(cast.staff), cast.team, upload())


def test_staff_take_the_pictures_of_rooms_away_in_the_admin(cast: Cast) -> None:
    room = services.set_picture(cast.alice, cast.team, upload())
    staff = signed_in(cast.staff)
    assert 'class="picture" src="/media/rooms/' in staff.get(page_of(room)).content.decode()
    assert "Pictures taken away: 1." in said(act(staff, "remove_pictures", room, cast.lobby))
    assert not Room.objects.get(pk=room.pk).avatar
    assert LogEntry.objects.filter(room=room, kind="room.changed").latest("seq").payload["avatar"] is None
    assert AuditEntry.objects.filter(action="room.picture_removed", actor_id=cast.staff.pk).count() == 1


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
