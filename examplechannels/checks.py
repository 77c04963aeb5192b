"""System checks that name a missing set-up step."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from examplechannels.static_files import BROWSER_PACKAGES, NODE_MODULES


@register
def browser_packages_are_there(**kwargs: Any) -> list[CheckMessage]:
    missing = [file for file in BROWSER_PACKAGES.values() if not (NODE_MODULES / file).exists()]
    if not missing:
        return []
    return [
        Error(
            f"Browser packages are missing, {missing[0]} for one.",
            hint="Run `make setup`, or `npm ci` in the project's folder.",
            id="examplechannels.E001",
        )
    ]
