"""Where static files come from: our own, and the listed files of the browser packages."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage, Storage
from servestatic.storage import CompressedManifestStaticFilesStorage

from examplechannels.bundles import bundle

Messages = list[CheckMessage]
NODE_MODULES = Path(settings.BASE_DIR) / "node_modules"

# name under /static/ -> file below node_modules/. Nothing else of node_modules is served.
BROWSER_PACKAGES = {
    "vendor/chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
    "vendor/chart.umd.min.js.map": "chart.js/dist/chart.umd.min.js.map",
    "vendor/chartjs-adapter-date-fns.bundle.min.js": (
        "chartjs-adapter-date-fns/dist/chartjs-adapter-date-fns.bundle.min.js"
    ),
    "vendor/chartjs-plugin-zoom.min.js": "chartjs-plugin-zoom/dist/chartjs-plugin-zoom.min.js",
    "vendor/hammer.min.js": "hammerjs/hammer.min.js",
    "vendor/hammer.min.js.map": "hammerjs/hammer.min.js.map",
    "vendor/modern-normalize.css": "modern-normalize/modern-normalize.css",
}


class BrowserPackagesStorage(FileSystemStorage):
    """node_modules, read through the names of `BROWSER_PACKAGES`."""

    def path(self, name: str) -> str:
        return str(NODE_MODULES / BROWSER_PACKAGES[name])


class BrowserPackagesFinder(BaseFinder):
    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = NODE_MODULES / BROWSER_PACKAGES[path] if path in BROWSER_PACKAGES else None
        if found is None or not found.exists():
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Storage]]:
        storage = BrowserPackagesStorage(location=NODE_MODULES)
        return [(name, storage) for name in BROWSER_PACKAGES]

    def check(self, **kwargs: Any) -> Messages:
        return []


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names with a hash of their content, so browsers keep them for ever; with a bundle of each page's modules."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            paths.update((name, (self, name)) for name in bundle(NODE_MODULES, Path(self.location), paths))
        yield from super().post_process(paths, dry_run, **options)


def build_version() -> str:
    """Names what is deployed: a digest of all static files; "" in development."""
    return str(getattr(staticfiles_storage, "manifest_hash", ""))
