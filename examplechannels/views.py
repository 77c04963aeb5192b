from pathlib import Path
from time import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from examplechannels.ticker import slot_at, slot_start_ms
from one.words import word_at
from threechat.presence import presence
from two.views import POINTS_SHOWN, random_points

CHAPTERS = {
    "one": {
        "title": _("Step 1 · a sync consumer"),
        "lead": [
            _("A consumer is to a WebSocket what a view is to a request; it lives as long as the socket does."),
            _(
                "Each visitor's consumer joins a group in `connect`. A ticker sends a word to the group every two "
                "seconds, and Channels calls `word` on each member. A loop in `connect` would do the same for one "
                "visitor, and keep everybody else out."
            ),
        ],
    },
    "two": {
        "title": _("Step 2 · an async consumer"),
        "lead": [
            _("An async consumer runs on the event loop, so thousands of them share one thread."),
            _(
                "The verbs stay the same, but `broadcast` keeps the group: one subscription for the whole process, "
                "each frame encoded once and handed to every visitor. Start the server with FANOUT=channels to run "
                "the same consumer the ordinary way."
            ),
        ],
    },
    "threechat": {
        "title": _("Step 3 · groups"),
        "lead": [
            _(
                "A channel is a mailbox; a group is a set of mailboxes. A chat room is a group that anybody may send to."
            ),
            _(
                "Who somebody is comes from the session, never from what a frame says. A sender's mistake is "
                "answered with an error frame, and nobody else notices."
            ),
        ],
    },
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The three apps, live."""
    slot = slot_at(time())
    points = random_points(POINTS_SHOWN)
    context = {
        "word": word_at(slot),
        "word_at": slot_start_ms(slot),
        "points": points,
        "latest": points[-1][1],
        "rooms": presence.rooms()["rooms"],
    }
    return render(request, "home.html", context)


@require_safe
def chapter(request: HttpRequest, step: str) -> HttpResponse:
    """A step's consumer, to read beside its page."""
    if step not in CHAPTERS:
        raise Http404
    path = f"{step}/consumers.py"
    lines = (Path(settings.BASE_DIR) / path).read_text().splitlines()
    page_url = reverse("chat" if step == "threechat" else step)
    return render(
        request, "chapter.html", {"step": step, "path": path, "lines": lines, "page_url": page_url, **CHAPTERS[step]}
    )
