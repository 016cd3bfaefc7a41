"""Pictures of people and rooms: what somebody uploads becomes three small squares of our own making.

    name = pictures.keep(upload, "avatars")     # what the row remembers
    pictures.url(name, 128)                     # where a square of it is

Nothing of the upload is kept but its pixels: it is decoded and encoded anew, so neither what a camera
wrote into it (place, time, device) nor what somebody hid behind or inside of it is ever served. What
it is says its content, never its name. Addresses cannot be guessed and never show anything else, so
they are cached for good; who may learn one is for those who hand it out.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import struct
import threading
import warnings
import zlib
from collections.abc import Iterable
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, ImageOps

from jobs.tasks import job
from realtime.errors import Invalid, TooLarge

# Pixels of the squares: a profile, what lists and messages show on a fine screen, a side bar.
LARGE, MEDIUM, SMALL = SIZES = (512, 128, 48)
FOLDERS = ("avatars", "rooms")
BYTES_MAX = 10 * 1024 * 1024
# What phones take today; more is a bomb, or a scan that nobody needs on 512 pixels.
PIXELS_MAX = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MEDIA_TYPE = "image/webp"
QUALITY = 82
# A strip one pixel high is no picture of anybody, and would be blown up or cut to nothing.
SIDE_MIN = 8

_NAME = re.compile(rf"(?P<stem>(?:{'|'.join(FOLDERS)})/[0-9a-f]{{40}})-(?:{'|'.join(map(str, SIZES))})\.webp")
# Pillow's own guard against bombs, at our limit and without a middle way. It judges by the head.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# Decoding takes memory by the hundred megabytes at worst: one picture at a time in each process.
_decoding = threading.Lock()
# What Pillow raises at files that are not what they begin as.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, struct.error, zlib.error)


class Upload(Protocol):
    """A file that came with a request."""

    @property
    def size(self) -> int | None: ...

    def chunks(self, chunk_size: int | None = None) -> Iterable[Any]: ...


def keep(upload: Upload, folder: str) -> str:
    """Store the squares of an uploaded picture and return the name to remember.

    TooLarge: more than `BYTES_MAX`. Invalid: no JPEG, PNG, WebP or GIF (of which the first frame is
    taken), broken, or of too many pixels.
    """
    assert folder in FOLDERS, "addresses are served for these only"
    if upload.size is not None and upload.size > BYTES_MAX:
        raise too_large()
    content = b"".join(upload.chunks())
    if len(content) > BYTES_MAX:
        raise too_large()
    squares = _squares(io.BytesIO(content))
    digest = hashlib.sha256(squares[LARGE]).hexdigest()[:16]
    stem = f"{folder}/{digest}{secrets.token_hex(12)}"
    for size, square in squares.items():
        default_storage.save(_name(stem, size), ContentFile(square))
    return _name(stem, LARGE)


def url(name: str, size: int = MEDIUM) -> str | None:
    """The address of a picture's square of that size; None where there is no picture."""
    if not name:
        return None
    stem = stem_of(name)
    # One that was put there before there were sizes has only itself.
    return f"/{settings.MEDIA_URL.lstrip('/')}{_name(stem, size) if stem else name}"


def urls(name: str) -> dict[str, str] | None:
    """The addresses of all squares of a picture, by their size in pixels."""
    return {str(size): found for size in SIZES if (found := url(name, size))} or None


def stem_of(name: str) -> str | None:
    """What the names of a picture's squares have in common; None for what `keep` has not made."""
    found = _NAME.fullmatch(name)
    return found["stem"] if found else None


@job()
def discard(name: str) -> None:
    """Remove a picture's files. Asked for in the transaction that forgets its name."""
    stem = stem_of(name)
    for each in [_name(stem, size) for size in SIZES] if stem else [name]:
        default_storage.delete(each)  # one that is gone already is no error


def too_large() -> TooLarge:
    detail = f"A picture has at most {BYTES_MAX // 1024 // 1024} MB."
    return TooLarge(detail, fields={"avatar": [detail]})


def _name(stem: str, size: int) -> str:
    return f"{stem}-{size}.webp"


def _squares(file: BinaryIO) -> dict[int, bytes]:
    with _decoding:
        try:
            square = _decoded(file)
            return {size: _encoded(square, size) for size in SIZES}
        except _BOMBS as error:
            raise _refused(f"A picture has at most {PIXELS_MAX // 1_000_000} megapixels.") from error
        except _BROKEN as error:
            raise _refused("This is no picture that can be read. Choose a JPEG, PNG, WebP or GIF.") from error


def _decoded(file: BinaryIO) -> Image.Image:
    """The picture upright, in sRGB, cut to a square around its middle."""
    with Image.open(file, formats=FORMATS) as picture:  # reads no more than its head
        if min(picture.size) < SIDE_MIN:
            raise _refused(f"A picture is at least {SIDE_MIN} pixels wide and high.")
        if picture.format == "JPEG":
            picture.draft(None, (2 * LARGE, 2 * LARGE))  # decodes an eighth of a large one, at best
        picture.seek(0)
        # Cut and made small first: what follows then takes little, whatever has been sent.
        upright = ImageOps.exif_transpose(picture)
        side = min(min(upright.size), 2 * LARGE)
        return _in_srgb(ImageOps.fit(_plain(upright), (side, side), Image.Resampling.LANCZOS), upright.info)


def _plain(picture: Image.Image) -> Image.Image:
    """In a mode that can be scaled and encoded; what is seen through stays so."""
    if picture.mode in ("RGB", "RGBA", "CMYK"):
        return picture
    has_alpha = picture.mode in ("LA", "PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def _in_srgb(picture: Image.Image, info: dict[str | tuple[int, int], object]) -> Image.Image:
    """By the picture's own profile, which is not kept: without it, its colours would be others."""
    profile = info.get("icc_profile")
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha else picture
    if isinstance(profile, bytes) and profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(colours, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
            colours = made or colours
        except (ImageCms.PyCMSError, *_BROKEN):
            colours = colours.convert("RGB")  # a profile of another kind of picture, or none at all
    colours = colours.convert("RGB")
    if alpha:
        colours.putalpha(alpha)
    return colours


def _encoded(square: Image.Image, size: int) -> bytes:
    side = min(size, square.width)
    scaled = square.resize((side, side), Image.Resampling.LANCZOS) if side < square.width else square
    plain = Image.new(scaled.mode, scaled.size)  # pixels only: `info` would bring the profile along
    plain.paste(scaled)
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _refused(detail: str) -> Invalid:
    return Invalid(detail, fields={"avatar": [detail]})
