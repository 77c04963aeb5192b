"""Draws uploaded pictures anew: what is stored is what Pillow saw, without metadata and without what was hidden behind.

Everything blocks, and is for one thread: one picture at a time bounds the memory (docs/decisions.md).
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import count
from typing import Any, NamedTuple

from PIL import Image, ImageCms, ImageOps

# Cameras and telephones send JPEG, which is decoded at half, a quarter or an eighth of its size.
MAX_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "GIF": 25_000_000, "WEBP": 25_000_000}
MAX_ANIMATION_PIXELS = 50_000_000  # of all frames together
MAX_FRAMES = 1_000
MAX_SIDE = 2_560  # pixels; larger pictures are made smaller
THUMBNAIL_SIDE = 480
MAX_SCANS = 100  # a progressive JPEG has about ten; each is a pass over all pixels, for a few bytes
MAX_PROFILE_BYTES = 1024 * 1024
FRAME_MS = range(20, 60_001)
START_OF_SCAN = b"\xff\xda"
BROWSERS_FRAME_MS = 100  # where a GIF says 0

# Pillow warns of damaged metadata, which nobody here looks at.
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
Image.MAX_IMAGE_PIXELS = MAX_PIXELS["JPEG"]
SRGB = ImageCms.createProfile("sRGB")


class BadPicture(ValueError):
    """Not a whole picture of the type that its first bytes promise."""


class TooManyPixels(BadPicture):
    """Larger than what is decoded here."""


class Picture(NamedTuple):
    """A picture drawn anew."""

    content: bytes
    extension: str
    width: int  # pixels
    height: int
    thumbnail: bytes | None  # WebP; None where the picture itself is no larger than one


def redraw(content: bytes, pillow_format: str) -> Picture:
    """The picture in `content`, which is read as `pillow_format` (a key of `MAX_PIXELS`) and as nothing else.

    Upright, in sRGB, at most `MAX_SIDE` pixels wide and high. JPEG stays JPEG, PNG stays PNG, a GIF becomes PNG, or
    WebP where it moves.

    Raises:
        BadPicture: it cannot be read to its end.
        TooManyPixels: it has more than `MAX_PIXELS`, or a moving one more than `MAX_ANIMATION_PIXELS`.
    """
    try:
        if pillow_format == "JPEG" and _scans(content) > MAX_SCANS:
            raise BadPicture("too many scans")
        with Image.open(BytesIO(content), formats=[pillow_format]) as image:
            _check_pixels(image, pillow_format)
            if pillow_format in ("GIF", "WEBP") and getattr(image, "is_animated", False):
                return _redraw_moving(image, pillow_format)
            return _redraw_still(image, {"GIF": "PNG"}.get(pillow_format, pillow_format))
    except BadPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(str(error)) from error
    except Exception as error:  # decoders of hostile bytes raise whatever they stumble over
        raise BadPicture(f"{type(error).__name__}: {error}") from error


def _check_pixels(image: Image.Image, pillow_format: str) -> None:
    if image.width * image.height > MAX_PIXELS[pillow_format]:
        raise TooManyPixels(f"{image.width} x {image.height}")


def _redraw_still(image: Image.Image, output: str) -> Picture:
    image.draft(None, (MAX_SIDE, MAX_SIDE))
    drawn = _clean(image)
    if output == "JPEG":
        return _picture(drawn, _encoded(drawn, "JPEG", quality=85), "jpg")
    if output == "PNG":
        return _picture(drawn, _encoded(drawn, "PNG"), "png")
    return _picture(drawn, _encoded(drawn, "WEBP", quality=85), "webp")


def _redraw_moving(image: Image.Image, pillow_format: str) -> Picture:
    plays = image.info.get("loop", 1)  # 0: for ever
    frames, durations = zip(*_frames(image, pillow_format), strict=True)
    content = _encoded(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=durations, loop=plays, quality=75, method=2
    )
    return _picture(frames[0], content, "webp")


def _frames(image: Image.Image, pillow_format: str) -> Iterator[tuple[Image.Image, int]]:
    """Each frame, clean, and the milliseconds that it is shown."""
    pixels = 0
    for number in count():
        try:
            image.seek(number)
        except EOFError:
            return
        _check_pixels(image, pillow_format)  # a GIF's frame may exceed its screen
        pixels += image.width * image.height
        if pixels > MAX_ANIMATION_PIXELS or number >= MAX_FRAMES:
            raise TooManyPixels("in all frames")
        frame = _clean(image.copy())  # the next frame is drawn over this one
        shown_ms = int(image.info.get("duration") or BROWSERS_FRAME_MS)
        yield frame, min(max(shown_ms, FRAME_MS[0]), FRAME_MS[-1])


def _clean(image: Image.Image) -> Image.Image:
    """The pixels alone, RGB or RGBA: upright, in sRGB, at most `MAX_SIDE` wide and high. Changes `image`."""
    image.load()
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode != wanted and (wanted == "RGBA" or image.mode not in ("L", "CMYK")):
        image = image.convert(wanted)
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    with suppress(Exception):  # EXIF of any camera's making; turned is turned
        ImageOps.exif_transpose(image, in_place=True)
    image = _in_srgb(image, profile, wanted)
    image.info = {}  # Pillow writes some of it into the new file
    return image


def _in_srgb(image: Image.Image, profile: bytes | None, wanted: str) -> Image.Image:
    """In the colours that a browser assumes; a profile that cannot be applied is left out."""
    if profile and len(profile) <= MAX_PROFILE_BYTES:
        try:
            found = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, found, SRGB, outputMode=wanted)
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert(wanted)


def _picture(drawn: Image.Image, content: bytes, extension: str) -> Picture:
    thumbnail = None
    if max(drawn.size) > THUMBNAIL_SIDE:
        small = drawn.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        thumbnail = _encoded(small, "WEBP", quality=75)
    return Picture(content, extension, drawn.width, drawn.height, thumbnail)


def _encoded(image: Image.Image, output: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, output, **options)
    return file.getvalue()


def _scans(content: bytes) -> int:
    """How often a JPEG goes over its pixels; counts no further than just beyond `MAX_SCANS`."""
    if content.count(START_OF_SCAN) <= MAX_SCANS:
        return 0
    scans, at = 0, 2
    while scans <= MAX_SCANS and (at := content.find(b"\xff", at)) >= 0 and at + 4 <= len(content):
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker <= 0x01 or 0xD0 <= marker <= 0xD8:  # stands alone, or is a stuffed byte of the pixels
            at += 2
        elif marker == 0xD9:  # the end; telephones append a film
            break
        else:
            scans += marker == START_OF_SCAN[1]
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return scans
