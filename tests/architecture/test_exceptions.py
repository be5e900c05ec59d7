"""Every silenced check and every broad ``except`` gives its reason on the same line."""

import re
import subprocess

from embedded.secrets import ROOT

SILENCED = re.compile(r"#\s*(type: ignore|noqa|ruff: noqa)|except (Base)?Exception\b")
REASON = re.compile(
    r"(type: ignore\[[a-z-]+\]\s+#\s\S+|noqa: [A-Z]+\d+\s+([#–(])\s*\S+|except (Base)?Exception( as \w+)?:\s+#\s\S+)"
)


def unexplained(name: str, text: str) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if SILENCED.search(line) and not REASON.search(line)
    ]


def test_each_says_why():
    names = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ours = [name for name in names.split() if (ROOT / name).exists() and not name.endswith("test_exceptions.py")]
    assert [line for name in ours for line in unexplained(name, (ROOT / name).read_text())] == []


def test_one_without_a_reason_is_noticed():
    assert len(unexplained("a.py", "x = 1  # type: ignore[misc]\ny = 2  # noqa: S101\nexcept Exception:\n")) == 3
    assert unexplained("a.py", "x = 1  # type: ignore[misc]  # the stubs are wrong\n") == []
