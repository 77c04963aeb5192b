"""The pages on which staff make and change the rules of a device."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from two.alarms.rules import RuleForm, RuleOfDeviceForm, rules_of, save
from two.alarms.trial import send_test
from two.devices import find_device
from two.models import Device, Rule

View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """Others are sent to the login page, or refused. Never kept by a browser: pages show secrets."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: str | int, **kwargs: str | int) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, device: str) -> HttpResponse:
    """The rules of a device, and a form for one more. The random feed has no metrics of its own, so no rules."""
    found = find_device(device)
    metrics = found.metrics.count() if found.pk else 0
    form = RuleOfDeviceForm(found, request.POST if request.method == "POST" else None) if metrics else None
    if form and form.is_valid():
        return _save(form, found)
    context = {"device": found, "form": form, "rules": rules_of(found) if found.pk else []}
    return render(request, "rules.html", context)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, device: str, rule: int) -> HttpResponse:
    """One rule: to change it, to delete it, and how its webhook proves who it is."""
    found, asked = _found(device, rule)
    form = RuleOfDeviceForm(found, request.POST if request.method == "POST" else None, instance=asked)
    if form.is_valid():
        return _save(form, found)
    # Not the form's: what somebody has just typed in is no rule yet.
    stored = get_object_or_404(rules_of(found), pk=rule)
    recipe = render_to_string("examples/webhook.txt", {"secret": stored.webhook_secret}).strip()
    return render(request, "rule.html", {"device": found, "form": form, "rule": stored, "recipe": recipe})


@for_staff
@require_POST
def delete_rule(request: HttpRequest, device: str, rule: int) -> HttpResponse:
    """With its alarms; what was said of them in the room stays."""
    found, asked = _found(device, rule)
    asked.delete()
    return HttpResponseRedirect(_url(found))


@for_staff
@require_POST
def test_rule(request: HttpRequest, device: str, rule: int) -> HttpResponse:
    """Sends a test to its webhook, whose outcome stands on its page."""
    found, asked = _found(device, rule)
    if not asked.webhook_url:
        raise Http404
    send_test(asked)
    return HttpResponseRedirect(f"{reverse('device-rule', kwargs={'device': found.slug, 'rule': asked.pk})}#webhook")


def _found(device: str, rule: int) -> tuple[Device, Rule]:
    found = find_device(device)
    if found.pk is None:
        raise Http404
    asked = get_object_or_404(Rule.objects.select_related("metric__device"), pk=rule)
    if asked.metric.device_id != found.pk:
        raise Http404
    return found, asked


def _save(form: RuleForm, device: Device) -> HttpResponse:
    save(form.instance, form.changed_data)
    return HttpResponseRedirect(f"{_url(device)}#rule-{form.instance.pk}")


def _url(device: Device) -> str:
    return reverse("device-rules", kwargs={"device": device.slug})
