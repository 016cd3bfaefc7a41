"""What becomes of an uploaded picture, how it is served, and what is no picture."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageCms

from accounts import pictures, services
from accounts.models import User
from jobs.worker import run_due
from realtime.errors import Invalid, TooLarge
from tests.accounts.browsers import actions
from tests.contract import ContractClient
from tests.factories import make_user

GPS_TAG, ORIENTATION_TAG, MAKER_TAG = 0x8825, 0x0112, 0x010F
RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 400), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode != "LA" else 90).save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "me.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def stored(media: Path, name: str, size: int) -> Image.Image:
    return Image.open(media / name.replace("-512.", f"-{size}."))


# --- What is made of it ---


@pytest.mark.parametrize(
    "content",
    [
        picture("JPEG"),
        picture("PNG"),
        picture("PNG", mode="RGBA"),
        picture("PNG", mode="P"),
        picture("PNG", mode="LA"),
        picture("PNG", mode="1"),
        picture("PNG", mode="L"),
        picture("JPEG", mode="CMYK"),
        picture("WEBP"),
        picture("GIF"),
        picture("JPEG", size=(4000, 3000)),
    ],
)
def test_every_kind_becomes_three_squares_of_webp(media: Path, content: bytes) -> None:
    name = pictures.keep(upload(content), "avatars")
    made = [stored(media, name, size) for size in pictures.SIZES]
    assert [each.format for each in made] == ["WEBP"] * 3
    assert [each.size[0] == each.size[1] for each in made] == [True] * 3
    assert [each.width for each in made][1:] == [128, 48]
    assert made[0].width <= 512
    assert len(list((media / "avatars").iterdir())) == 3


def test_of_an_animation_the_first_frame_is_taken(media: Path) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (100, 100), colour) for colour in (RED, BLUE)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    made = stored(media, pictures.keep(upload(out.getvalue()), "avatars"), 128)
    assert getattr(made, "n_frames", 1) == 1
    red, _, blue = made.convert("RGB").getpixel((50, 50))  # type: ignore[misc]
    assert red > blue


def test_place_device_and_profile_are_gone_and_the_picture_stands_upright(media: Path) -> None:
    photo = Image.new("RGB", (200, 100), RED)
    photo.paste(Image.new("RGB", (100, 100), BLUE), (100, 0))  # on the right; after turning, at the foot
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    exif[MAKER_TAG] = "Camera of Alice"
    exif.get_ifd(GPS_TAG).update({1: "N", 2: (38.0, 43.0, 12.0), 3: "W", 4: (9.0, 8.0, 24.0)})
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo.save(out, "JPEG", exif=exif, icc_profile=profile, comment=b"Alice at home", quality=95)
    assert b"Camera of Alice" in out.getvalue()

    name = pictures.keep(upload(out.getvalue(), "home.jpg", "image/jpeg"), "avatars")
    for size in pictures.SIZES:
        raw = (media / name.replace("-512.", f"-{size}.")).read_bytes()
        for trace in (b"EXIF", b"Exif", b"ICCP", b"XMP ", b"Camera of Alice", b"Alice at home", b"GPS"):
            assert trace not in raw
        made = stored(media, name, size)
        assert not made.getexif()
        assert "icc_profile" not in made.info
    # Cut to a square of its middle: half red above, half blue below.
    made = stored(media, name, 48).convert("RGB")
    assert [made.getpixel((24, at))[0] > 120 for at in (4, 44)] == [True, False]  # type: ignore[index]


def test_names_cannot_be_guessed_and_the_same_picture_twice_has_two(media: Path) -> None:
    one, other = (pictures.keep(upload(picture()), "avatars") for _ in range(2))
    assert one != other
    assert len(pictures.stem_of(one) or "") == len("avatars/") + 40
    assert one[:24] == other[:24]  # the content's part
    assert "me.png" not in one


def test_a_room_has_pictures_of_the_same_shape(media: Path) -> None:
    name = pictures.keep(upload(picture()), "rooms")
    assert (pictures.url(name, 48) or "").startswith("/media/rooms/")
    assert set(pictures.urls(name) or {}) == {"512", "128", "48"}


# --- What is no picture ---


def png(width: int, height: int) -> bytes:
    """The head of a PNG of that size, with next to nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"This is text.", "me.png"),
        (SVG, "me.svg"),
        (SVG, "me.png"),
        (b"", "me.png"),
        (b"<html><script>alert(1)</script></html>", "me.gif"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "me.jpg"),
        (picture("TIFF"), "me.jpg"),
        (picture("BMP"), "me.png"),
        (picture("ICO", size=(64, 64)), "me.png"),
        (picture("JPEG")[:400], "me.jpg"),
        (picture("PNG")[:60], "me.png"),
        (b"GIF89a" + bytes(200), "me.gif"),
        (b"RIFF" + bytes(4) + b"WEBPVP8 " + bytes(200), "me.webp"),
        (picture("PNG", size=(3, 900)), "strip.png"),
    ],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(media: Path, content: bytes, name: str) -> None:
    with pytest.raises(Invalid):
        pictures.keep(upload(content, name), "avatars")
    assert list(media.rglob("*.*")) == []


@pytest.mark.parametrize("size", [(20_000, 20_000), (100_000, 1_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        pictures.keep(upload(png(*size)), "avatars")


def test_a_picture_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        pictures.keep(upload(picture() + bytes(pictures.BYTES_MAX)), "avatars")


def test_nothing_that_hides_behind_or_in_a_picture_is_kept(media: Path) -> None:
    polyglot = picture("JPEG") + b"PK\x03\x04<script>alert(1)</script>"
    name = pictures.keep(upload(polyglot, "me.php", "text/html"), "avatars")
    assert b"<script>" not in b"".join(path.read_bytes() for path in media.rglob("*.webp"))
    assert name.endswith(".webp")


# --- Over REST ---

Api = Callable[..., ContractClient]


def put(client: ContractClient, content: bytes, name: str = "me.png") -> Any:
    return client.put("/api/v1/me/avatar/", {"avatar": upload(content, name)}, format="multipart")


def files(media: Path) -> int:
    return len(list(media.rglob("*.webp")))


def test_a_new_picture_takes_the_place_of_the_one_before(media: Path, alice: User, api: Api) -> None:
    client = api(alice)
    first = put(client, picture()).json()
    assert first["avatar"] == first["avatars"]["128"]
    second = put(client, picture("JPEG")).json()
    assert second["avatar"] != first["avatar"]
    assert (run_due(), files(media)) == (1, 3)  # the files of the first are gone
    gone = client.delete("/api/v1/me/avatar/").json()
    assert (gone["avatar"], gone["avatars"]) == (None, None)
    assert (run_due(), files(media)) == (1, 0)
    assert actions() == ["user.profile_changed"] * 3


def test_a_picture_that_is_not_taken_leaves_no_file(media: Path, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = make_user("bob")
    with pytest.raises(Exception, match="Only staff"):
        services.set_avatar(alice, upload(picture()), actor=bob)
    monkeypatch.setattr("accounts.services.profiles.update_profile", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.set_avatar(alice, upload(picture()), actor=alice)
    assert files(media) == 0


@pytest.mark.parametrize("body", [{}, {"avatar": "text"}, {"avatar": upload(picture()), "size": "9"}])
def test_an_upload_without_a_picture_is_refused(alice: User, api: Api, body: dict[str, Any]) -> None:
    answer = api(alice).put("/api/v1/me/avatar/", body, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_upload_that_is_no_form_is_refused(alice: User, api: Api) -> None:
    assert api(alice).put("/api/v1/me/avatar/", {"avatar": "x"}).status_code == 415


def test_a_body_that_is_too_large_is_refused_before_it_is_read(alice: User, api: Api) -> None:
    answer = put(api(alice), bytes(pictures.BYTES_MAX + 100_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


# --- Being served ---


def test_a_picture_is_served_as_one_for_good_and_to_whoever_has_its_address(media: Path, client: Client) -> None:
    name = pictures.keep(upload(picture()), "avatars")
    for size in pictures.SIZES:
        answer = client.get(pictures.url(name, size))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert Image.open(io.BytesIO(answer.content)).width in (400, size)


@pytest.mark.parametrize(
    "path",
    [
        "../chat.sqlite3",
        "..%2fchat.sqlite3",
        "avatars/..%2f..%2fchat.sqlite3",
        "avatars/../secret.webp",
        "avatars/",
        "avatars",
        "",
        "/etc/passwd",
        "avatars/me.svg",
        "avatars/me.html",
        f"avatars/{'0' * 40}-512.webp",
        f"avatars/{'0' * 40}-512.webp%00.html",
        f"avatars/{'0' * 40}-640.webp",
        f"files/{'0' * 40}-512.webp",
        f"avatars/{'0' * 40}-512.webp/",
    ],
)
def test_nothing_else_of_the_folder_is_served(media: Path, client: Client, path: str) -> None:
    (media / "avatars").mkdir()
    for name in ("secret.webp", "avatars/me.svg", "avatars/me.html"):
        (media / name).write_text("secret")
    answer = client.get(f"/media/{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_a_picture_is_asked_for_and_not_written(client: Client, media: Path) -> None:
    name = pictures.keep(upload(picture()), "avatars")
    assert client.post(f"/media/{name}").status_code == 405
    assert client.head(f"/media/{name}").status_code == 200
