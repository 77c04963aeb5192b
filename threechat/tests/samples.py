"""Small real files."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
MP3 = b"\xff\xfb\x90\x64"


def picture(pillow_format: str = "PNG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, pillow_format, **options)
    return file.getvalue()


def video(size: int = 1000) -> bytes:
    return WEBM + bytes(number % 251 for number in range(size - len(WEBM)))


def file(content: bytes, name: str = "cat.png", content_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)
