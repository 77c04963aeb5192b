"""The program's settings with two URLs more, so that an empty view and a bare page have the same middleware."""

from examplechannels.settings import *  # noqa: F403

ROOT_URLCONF = "bench.peers.urls"
