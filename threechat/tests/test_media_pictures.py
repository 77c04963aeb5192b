import resource
import struct
import time
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from threechat.media import pictures
from threechat.media.pictures import BadPicture, TooManyPixels, redraw

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
HIDDEN = b"<script>alert('hidden')</script>"


def encoded(image: Image.Image, pillow_format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, pillow_format, **options)
    return file.getvalue()


def gradient(width: int, height: int) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def moving(frames: int, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    images = [Image.new("RGB", size, (number * 20 % 256, 90, 200)) for number in range(frames)]
    options = {"duration": 70, "loop": 0, **options}
    return encoded(images[0], "GIF", save_all=True, append_images=images[1:], **options)


def png_of(width: int, height: int) -> bytes:
    """A small file with a huge header."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("pillow_format", "extension", "became"),
    [("JPEG", "jpg", "JPEG"), ("PNG", "png", "PNG"), ("GIF", "png", "PNG"), ("WEBP", "webp", "WEBP")],
)
def test_a_picture_keeps_its_looks(pillow_format: str, extension: str, became: str) -> None:
    picture = redraw(encoded(Image.new("RGB", (60, 40), (200, 30, 90)), pillow_format), pillow_format)
    image = opened(picture.content)
    assert (picture.extension, image.format, image.size) == (extension, became, (60, 40))
    assert (picture.width, picture.height) == (60, 40)
    pixel = image.convert("RGB").getpixel((30, 20))
    assert isinstance(pixel, tuple)
    assert all(abs(is_ - was) < 12 for is_, was in zip(pixel, (200, 30, 90), strict=True))


@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP"])
def test_where_a_photograph_was_taken_and_with_what_is_gone(pillow_format: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    notes: dict[str, Any] = {"exif": exif, "xmp": b"<x:xmpmeta>SecretPlace</x:xmpmeta>"}
    if pillow_format == "PNG":
        text = PngInfo()
        text.add_text("Comment", "SecretComment")
        notes = {"exif": exif, "pnginfo": text}
    content = encoded(gradient(600, 400), pillow_format, **notes)
    assert b"Secret" in content
    picture = redraw(content, pillow_format)
    for part in (picture.content, picture.thumbnail or b""):
        image = opened(part)
        assert b"Secret" not in part
        assert not image.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment", "Comment"} & image.info.keys()


def test_a_comment_in_a_jpeg_is_gone() -> None:
    picture = redraw(encoded(gradient(50, 50), "JPEG", comment="SecretComment"), "JPEG")
    assert b"Secret" not in picture.content


@pytest.mark.parametrize("pillow_format", FORMATS)
def test_what_hides_behind_a_picture_is_gone(pillow_format: str) -> None:
    picture = redraw(encoded(gradient(50, 50), pillow_format) + HIDDEN, pillow_format)
    assert HIDDEN not in picture.content


def test_a_photograph_taken_upright_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right
    image = Image.new("RGB", (60, 40), "blue")
    image.paste("red", (0, 0, 30, 40))  # the left half, which becomes the upper one
    picture = redraw(encoded(image, "JPEG", exif=exif, quality=95), "JPEG")
    turned = opened(picture.content)
    assert (picture.width, picture.height) == turned.size == (40, 60)
    upper = turned.getpixel((20, 5))
    assert isinstance(upper, tuple)
    assert upper[0] > 200


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_refuse_a_picture() -> None:
    picture = redraw(encoded(gradient(50, 50), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff"), "JPEG")
    assert picture.width == 50


def test_colours_of_another_space_become_what_browsers_assume() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    wrong = redraw(encoded(gradient(50, 50), "JPEG", icc_profile=profile), "JPEG")  # cannot be applied to RGB
    assert "icc_profile" not in opened(wrong.content).info
    printed = redraw(encoded(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG"), "JPEG")
    assert opened(printed.content).mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_understood(mode: str) -> None:
    image = Image.new(mode, (700, 20), 40_000 if mode == "I;16" else 1 if mode in ("1", "P") else None)
    drawn = opened(redraw(encoded(image, "PNG"), "PNG").content)
    assert drawn.mode == ("RGBA" if mode.endswith("A") else "RGB")
    if mode == "I;16":
        assert drawn.getpixel((0, 0)) == (156, 156, 156)


def test_what_can_be_seen_through_stays_so() -> None:
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert opened(redraw(encoded(image, "PNG"), "PNG").content).getpixel((0, 0)) == (255, 0, 0, 0)
    paletted = encoded(Image.new("P", (20, 20)), "GIF", transparency=0)
    clear = opened(redraw(paletted, "GIF").content).getpixel((0, 0))
    assert isinstance(clear, tuple)
    assert clear[3] == 0


@pytest.mark.parametrize("size", [(6000, 200), (200, 6000), (4000, 3000)])
def test_a_large_picture_is_made_smaller(size: tuple[int, int]) -> None:
    picture = redraw(encoded(gradient(*size), "JPEG"), "JPEG")
    assert max(picture.width, picture.height) == pictures.MAX_SIDE
    assert opened(picture.content).size == (picture.width, picture.height)
    assert abs(picture.width / picture.height - size[0] / size[1]) < size[0] / size[1] * 0.02
    assert max(opened(picture.thumbnail or b"").size) == pictures.THUMBNAIL_SIDE


def test_a_small_picture_needs_no_thumbnail() -> None:
    assert redraw(encoded(gradient(480, 480), "PNG"), "PNG").thumbnail is None
    assert opened(redraw(encoded(gradient(481, 10), "PNG"), "PNG").thumbnail or b"").format == "WEBP"


@pytest.mark.parametrize("size", [(50_000, 50_000), (9_000, 9_000), (2**31 - 1, 2**31 - 1)])
def test_a_small_file_of_many_pixels_is_refused_before_any_is_decoded(size: tuple[int, int]) -> None:
    before_kb, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(BadPicture):
        redraw(png_of(*size), "PNG")
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000


def test_too_many_pixels_are_called_so() -> None:
    for size in ((50_000, 50_000), (9_000, 9_000), (5_001, 5_000)):
        with pytest.raises(TooManyPixels):
            redraw(png_of(*size), "PNG")
    huge = bytearray(encoded(gradient(10, 10), "GIF"))
    huge[6:10] = struct.pack("<HH", 50_000, 50_000)
    with pytest.raises(TooManyPixels):
        redraw(bytes(huge), "GIF")


@pytest.mark.parametrize("pillow_format", FORMATS)
def test_half_a_picture_is_none(pillow_format: str) -> None:
    content = encoded(Image.effect_noise((300, 300), 50).convert("RGB"), pillow_format)
    for length in (len(content) // 2, 30, 8):
        with pytest.raises(BadPicture):
            redraw(content[:length], pillow_format)


def test_html_behind_the_first_bytes_of_a_picture_is_none() -> None:
    for start, pillow_format in ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF89a", "GIF"), (b"\xff\xd8\xff", "JPEG")):
        with pytest.raises(BadPicture):
            redraw(start + HIDDEN * 10, pillow_format)


def test_a_picture_is_read_as_what_it_begins_as_and_nothing_else() -> None:
    with pytest.raises(BadPicture):
        redraw(encoded(gradient(50, 50), "TIFF"), "PNG")
    with pytest.raises(BadPicture):
        redraw(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n", "JPEG")


def test_a_gif_goes_on_moving() -> None:
    picture = redraw(moving(5), "GIF")
    image = opened(picture.content)
    assert (image.format, image.n_frames, image.info["loop"]) == ("WEBP", 5, 0)  # type: ignore[attr-defined]
    assert image.info["duration"] == 70
    assert (picture.extension, picture.width, picture.height) == ("webp", 40, 30)


def test_a_moving_webp_goes_on_moving_as_often_as_it_did() -> None:
    frames = [Image.new("RGBA", (700, 30), (number * 40, 0, 0, 128)) for number in range(4)]
    content = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, loop=3)
    picture = redraw(content, "WEBP")
    image = opened(picture.content)
    assert (image.n_frames, image.info["loop"]) == (4, 3)  # type: ignore[attr-defined]
    assert getattr(opened(picture.thumbnail or b""), "n_frames", 1) == 1


def test_a_gif_that_says_no_time_moves_as_in_a_browser() -> None:
    assert opened(redraw(moving(3, duration=0), "GIF").content).info["duration"] == pictures.BROWSERS_FRAME_MS


def test_a_moving_picture_of_too_much_in_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_ANIMATION_PIXELS", 40 * 30 * 4)
    assert redraw(moving(4), "GIF").width == 40
    with pytest.raises(TooManyPixels):
        redraw(moving(5), "GIF")
    monkeypatch.undo()
    monkeypatch.setattr(pictures, "MAX_FRAMES", 4)
    with pytest.raises(TooManyPixels):
        redraw(moving(5), "GIF")


def test_a_jpeg_that_goes_over_its_pixels_for_ever_is_refused_at_once() -> None:
    content = encoded(gradient(4000, 3000), "JPEG", progressive=True)
    last = content[content.rfind(pictures.START_OF_SCAN) : -2]
    empty = last[: 2 + int.from_bytes(last[2:4])]
    started = time.process_time()
    with pytest.raises(BadPicture, match="scans"):
        redraw(content[:-2] + empty * 100_000 + b"\xff\xd9", "JPEG")
    assert time.process_time() - started < 1
    assert redraw(content[:-2] + empty * 10 + b"\xff\xd9", "JPEG").width == 2560


def test_what_a_telephone_appends_to_a_photograph_is_no_scan() -> None:
    content = encoded(Image.effect_noise((500, 500), 90), "JPEG", quality=95) + pictures.START_OF_SCAN * 1000
    assert redraw(content, "JPEG").width == 500


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_gives_a_picture_or_bad_picture(pillow_format: str, at: int, damage: bytes) -> None:
    content = bytearray(encoded(gradient(40, 40), pillow_format))
    at %= len(content)
    content[at : at + len(damage)] = damage
    try:
        picture = redraw(bytes(content), pillow_format)
    except BadPicture:
        return
    assert opened(picture.content).size == (picture.width, picture.height)
