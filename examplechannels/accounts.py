"""Accounts that people make for themselves, where SIGN_UP allows it."""

from threading import Lock
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from examplechannels.limits import neighbourhood
from threechat.limits import sign_ups
from threechat.models import AccountName
from threechat.names import readable, skeleton
from threechat.people import is_reserved

_counting = Lock()


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["username"]

    def clean_username(self) -> str:
        """Names that could be mistaken for another account's are refused, as they are for guests."""
        name: str = super().clean_username() or ""
        is_taken = is_reserved(name) or AccountName.objects.filter(skeleton=skeleton(name)).exists()
        if is_taken or readable(name) != name:
            raise forms.ValidationError(_("This name is taken, or looks like one that is."), code="name-taken")
        return name


def sign_up_offered(request: HttpRequest) -> dict[str, Any]:
    """For every template."""
    return {"sign_up": settings.SIGN_UP}


@sensitive_post_parameters()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if not settings.SIGN_UP:
        raise Http404
    next_url = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(next_url, {request.get_host()}, request.is_secure())
    target = next_url if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form = SignUpForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if _makes_too_many(neighbourhood(request.META.get("REMOTE_ADDR") or "")):
            form.add_error(None, _("Many accounts were made from your address just now; wait a minute."))
            status = 429
        elif form.is_valid():
            login(request, form.save())
            return HttpResponseRedirect(target)
    context = {"form": form, "next": next_url if is_ours else ""}
    return render(request, "registration/signup.html", context, status=status)


def _makes_too_many(address: str) -> bool:
    """Counts an attempt of this address; who comes without one, through a Unix socket, is not counted."""
    with _counting:
        return bool(address and sign_ups.of(address).take())
