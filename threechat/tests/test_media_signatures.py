from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from threechat.media import signatures
from threechat.media.signatures import CONTENT_TYPES, HEAD_BYTES, MEDIA_TYPES, media_type

WEBM_HEAD = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
OGG_HEAD = b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead"
MP4_HEAD = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
WAV_HEAD = b"RIFF\x24\x00\x00\x00WAVEfmt "
MP3_HEADS = (b"ID3\x04\x00\x00\x00\x00\x0f\x76", b"\xff\xfb\x90\x64", b"\xff\xf3\x40\xc4")


def drawn(pillow_format: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (2, 2)).save(file, pillow_format)
    return file.getvalue()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_is_known_by_its_first_bytes_whatever_is_said_of_it(name: str) -> None:
    for declared in ("", "text/html", "audio/mpeg", "image/svg+xml"):
        found = media_type(drawn(name), declared)
        assert found
        assert (found.pillow, found.kind) == (name, "image")


@pytest.mark.parametrize("head", MP3_HEADS)
def test_sound_is_known_by_its_first_bytes(head: bytes) -> None:
    assert media_type(head, "video/mp4") is signatures.MP3
    assert media_type(WAV_HEAD, "") is signatures.WAV


@pytest.mark.parametrize(
    ("head", "video", "voice"),
    [
        (WEBM_HEAD, signatures.WEBM, signatures.WEBM_VOICE),
        (OGG_HEAD, signatures.OGG, signatures.OGG_VOICE),
        (MP4_HEAD, signatures.MP4, signatures.MP4_VOICE),
    ],
)
def test_what_is_declared_tells_a_voice_from_a_video_in_one_container(
    head: bytes, video: signatures.MediaType, voice: signatures.MediaType
) -> None:
    assert media_type(head, "audio/webm;codecs=opus") is voice
    assert media_type(head, "Audio/Anything") is voice
    assert media_type(head, "video/webm") is video
    assert media_type(head, "text/html") is video


def test_an_audio_brand_is_a_voice_whatever_is_declared() -> None:
    assert media_type(b"\x00\x00\x00\x1cftypM4A \x00\x00\x00\x00M4A mp42isom", "video/mp4") is signatures.MP4_VOICE


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"\xef\xbb\xbf<?xml version='1.0'?><svg>",
        "<html>".encode("utf-16"),
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\x7fELF",
        b"BM\x00\x00",
        b"II*\x00",
        b"\x89PNG",
        b"GIF88a",
        b"\xff\xd8",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1",
        b"<scrftypmp42",
        b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska",
        b"OggS\x01",
        b"ID3<script>",
        b"\xff\xf1\x50\x80",
        b"\xff\xff\xff\xff",
        b" GIF89a",
    ],
)
@pytest.mark.parametrize("declared", ["image/png", "audio/mpeg", ""])
def test_nothing_else_is_let_in_whatever_is_said_of_it(head: bytes, declared: str) -> None:
    assert media_type(head, declared) is None


@given(st.binary(max_size=200), st.text(max_size=50))
def test_any_bytes_get_a_type_of_the_list_or_none(head: bytes, declared: str) -> None:
    found = media_type(head, declared)
    assert found is None or found in MEDIA_TYPES
    assert found == media_type(head[:HEAD_BYTES] + b"\x00" * 100, declared) or len(head) < HEAD_BYTES


def test_no_type_is_one_that_a_browser_would_run() -> None:
    assert len(CONTENT_TYPES) == len(MEDIA_TYPES)
    for content_type in CONTENT_TYPES.values():
        assert content_type.partition("/")[0] in {"image", "video", "audio"}
        assert "svg" not in content_type
