"""Makes one file of each page's modules, for production: a browser then asks once, not for 70 files one by one."""

import subprocess
from collections.abc import Collection
from pathlib import Path

from django.core.management import CommandError

ENTRIES = "js/pages/"
BUNDLES = "bundles/"
SECONDS = 60


def bundle(node_modules: Path, folder: Path, names: Collection[str]) -> list[str]:
    """Bundles each entry module among the `names` of files in `folder`; the names of what was written there.

    The map beside a bundle shows the modules as they are in a browser's debugger.

    Raises:
        CommandError: esbuild is not there, or says why it cannot.
    """
    entries = [name for name in names if name.startswith(ENTRIES)]
    if not entries:
        return []
    # The program itself: the script of the same name beside it needs Node.
    esbuild = next(node_modules.glob("@esbuild/*/bin/esbuild"), None) or next(
        node_modules.glob("@esbuild/*/esbuild.exe"), None
    )
    if esbuild is None:
        raise CommandError("esbuild is missing: run `make setup`, or `npm ci` in the project's folder.")
    options = ("--bundle", "--format=esm", "--minify", "--charset=utf8", "--sourcemap", "--log-level=warning")
    made = subprocess.run(  # noqa: S603 of names from our own tree
        [esbuild, *entries, *options, f"--outdir={BUNDLES}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if made.returncode:
        raise CommandError(f"The pages' modules could not be bundled:\n{made.stderr}")
    bundles = [BUNDLES + name.removeprefix(ENTRIES) for name in entries]
    return [name + ending for name in bundles for ending in ("", ".map")]
