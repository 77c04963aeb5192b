"""The program's settings with one URL more, so that an empty view stands behind the very same middleware."""

from examplechannels.settings import *  # noqa: F403

ROOT_URLCONF = "bench.peers.urls"
