"""What we depend on is locked to the byte, explained, and tied to no registry's address."""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from embedded.secrets import ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text()
PROJECT = tomllib.loads(PYPROJECT)["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = {
    "production": PROJECT["dependencies"],
    "run": PROJECT["dependencies"] + EXTRAS["local"],
    "test": PROJECT["dependencies"] + EXTRAS["local"] + EXTRAS["dev"],
}


def locked(name: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {name: Version(version) for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", WANTED)
def test_the_lock_file_satisfies_pyproject(name):
    versions = locked(name)
    for line in WANTED[name]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), line


@pytest.mark.parametrize("name", WANTED)
def test_every_file_is_known_by_its_hash_and_by_no_address(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    blocks = re.split(r"\n(?=[a-z0-9._-]+==)", text)[1:]
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|file:", text)


def test_production_is_part_of_run_is_part_of_test():
    assert locked("production").items() <= locked("run").items() <= locked("test").items()


def test_browser_assets_are_known_by_integrity_and_by_no_address():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "://" not in json.dumps(lock)


def test_every_dependency_has_a_reason():
    lines = [line for line in PYPROJECT.partition("[tool.")[0].splitlines() if re.match(r'\s+"', line)]
    assert lines
    assert [line for line in lines if not re.search(r'",\s+# \S', line)] == []
