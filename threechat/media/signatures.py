"""What a file is, by its first bytes: only what browsers show and play, and nothing that they could run.

Neither SVG nor HTML is among it. A file is served with the fixed `content_type` of what was found here.
"""

import re
from typing import Literal, NamedTuple

HEAD_BYTES = 64  # of a file, as many as `media_type` wants to see


class MediaType(NamedTuple):
    kind: Literal["image", "video", "voice"]
    content_type: str
    extension: str  # of the stored file's name
    pillow: str = ""  # the one format that Pillow may take an image for


JPEG = MediaType("image", "image/jpeg", "jpg", "JPEG")
PNG = MediaType("image", "image/png", "png", "PNG")
GIF = MediaType("image", "image/gif", "gif", "GIF")
WEBP = MediaType("image", "image/webp", "webp", "WEBP")
MP4 = MediaType("video", "video/mp4", "mp4")
WEBM = MediaType("video", "video/webm", "webm")
OGG = MediaType("video", "video/ogg", "ogv")
MP4_VOICE = MediaType("voice", "audio/mp4", "m4a")
WEBM_VOICE = MediaType("voice", "audio/webm", "weba")
OGG_VOICE = MediaType("voice", "audio/ogg", "ogg")
MP3 = MediaType("voice", "audio/mpeg", "mp3")
WAV = MediaType("voice", "audio/wav", "wav")

MEDIA_TYPES = (JPEG, PNG, GIF, WEBP, MP4, WEBM, OGG, MP4_VOICE, WEBM_VOICE, OGG_VOICE, MP3, WAV)
CONTENT_TYPES = {each.extension: each.content_type for each in MEDIA_TYPES}

# One container for both, where the sender's browser says which: a recorder makes either.
CONTAINERS = {MP4: MP4_VOICE, WEBM: WEBM_VOICE, OGG: OGG_VOICE}

# What a file's first box names (ISO/IEC 14496-12, https://mp4ra.org/registered-types/brands). HEIC, AVIF and
# other pictures in this container are not among it. `qt` is what telephones call the same.
VIDEO_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"iso2", b"iso4", b"iso5", b"iso6", b"M4V ", b"qt  "}
AUDIO_BRANDS = {b"M4A ", b"M4B "}

EBML = b"\x1a\x45\xdf\xa3"
WEBM_DOCUMENT = re.compile(rb"\x42\x82(?:\x84|\x40\x04|\x01\x00{6}\x04)webm", re.DOTALL)  # its size in 1, 2 or 8 bytes


def media_type(head: bytes, declared: str) -> MediaType | None:
    """The type of a file that begins with `head`; None for what is not allowed.

    `declared`, the Content-Type that the client sent, tells a voice from a video in the same container, nothing else.
    """
    found = _by_signature(head[:HEAD_BYTES])
    if found in CONTAINERS and declared.strip().lower().startswith("audio/"):
        return CONTAINERS[found]
    return found


def _by_signature(head: bytes) -> MediaType | None:
    """As the WHATWG's MIME sniffing has it (https://mimesniff.spec.whatwg.org/), for this list of types."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"RIFF"):
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _mp4(head)
    if head.startswith(EBML):
        return WEBM if WEBM_DOCUMENT.search(head) else None
    if head.startswith(b"OggS\x00"):
        return OGG
    return MP3 if _is_id3(head) or _is_mp3_frame(head) else None


def _mp4(head: bytes) -> MediaType | None:
    size, brand = int.from_bytes(head[:4]), head[8:12]
    if size < 16 or size % 4 or size > 1024:  # the box holds a version, and brands of four bytes each
        return None
    return MP4 if brand in VIDEO_BRANDS else MP4_VOICE if brand in AUDIO_BRANDS else None


def _is_id3(head: bytes) -> bool:
    """A tag of ID3v2.2 to 2.4, whose size has no byte above 127 (https://id3.org/id3v2.4.0-structure)."""
    tag = head[:10]
    return len(tag) == 10 and tag.startswith(b"ID3") and tag[3] in (2, 3, 4) and max(tag[6:]) < 128


def _is_mp3_frame(head: bytes) -> bool:
    """A frame of MPEG layer III with a bit rate and a sample rate that there are."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3
