from pathlib import Path
from time import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from examplechannels.chapters import CHAPTERS
from examplechannels.ticker import slot_at, slot_start_ms
from one.words import word_at
from threechat.directory import rooms_listed_for
from threechat.people import identify
from two.views import POINTS_SHOWN, random_points


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
        "rooms": rooms_listed_for(identify(request.user, request.session)),
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
