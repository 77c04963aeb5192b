"""What a rule says, in words."""

from django.utils.translation import gettext as _


def describe(kind: str, metric: str, unit: str, threshold: float | None, hold_seconds: float) -> str:
    """A rule as a line such as `temperature above 70 °C for 60 s`; its metric comes first."""
    limit = "–" if threshold is None else f"{threshold:g} {unit}".rstrip()
    what = {
        "above": _("%(metric)s above %(limit)s"),
        "below": _("%(metric)s below %(limit)s"),
        "rate": _("%(metric)s changes faster than %(limit)s a minute"),
        "silent": _("%(metric)s silent"),
    }[kind] % {"metric": metric, "limit": limit}
    return _("%(what)s for %(seconds)s s") % {"what": what, "seconds": f"{hold_seconds:g}"} if hold_seconds else what
