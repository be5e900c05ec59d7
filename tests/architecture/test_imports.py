"""The direction of imports and the rooms hold, and a violation would be noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.secrets import ROOT

PACKAGES = ["escrow", "prepaid", "complaints", "demo", "sandbox_bank", "embedded"]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The code, to be spoilt."""
    folder = tmp_path_factory.mktemp("code")
    ignore = shutil.ignore_patterns("__pycache__", "data", "templates", "*.html")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_is_kept():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("escrow.states", "import prepaid.cards.models", "Imports go right"),
        ("prepaid.products.models", "import prepaid.cards.states", "Inside the card business"),
        ("prepaid.cards.states", "import prepaid.cards.operations", "The same rooms in every app"),
        ("escrow.models", "import escrow.operations", "The rooms of the kernel"),
        ("prepaid.cards.operations", "import escrow.ledger", "One writer"),
        ("complaints.cases.states", "import prepaid.settings", "Nobody imports the composition root"),
        ("sandbox_bank.shapes", "import escrow.money", "The sandbox bank imports nothing of ours"),
        ("embedded.ports", "import django", "The embedded servers import nothing of ours"),
        ("escrow.money", "import sandbox_bank", "spoken to over HTTP only"),
        ("escrow.queries", "import httpx", "Over HTTP: channels, and the SMS gateway"),
        ("prepaid.cards.drawer", "", "The same rooms in every app"),
    ],
)
def test_a_violation_is_noticed(copy, module, line, broken):
    path = copy.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    before = path.read_bytes() if path.exists() else None
    path.write_bytes((before or b"") + f"\n{line}\n".encode())
    try:
        done = lint_imports(copy)
    finally:
        path.unlink() if before is None else path.write_bytes(before)
    assert done.returncode == 1
    assert [row for row in done.stdout.splitlines() if broken in row and "BROKEN" in row], done.stdout[-4000:]
