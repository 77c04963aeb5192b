from time import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from examplechannels.ticker import slot_at
from one.words import words_until

WORDS_SHOWN = 10


@require_safe
def one(request: HttpRequest) -> HttpResponse:
    """The ticker page: the present word, and the last ten below it."""
    history = words_until(slot_at(time()), WORDS_SHOWN)
    return render(request, "one.html", {"history": history, "word": history[0]["word"], "word_at": history[0]["at"]})
