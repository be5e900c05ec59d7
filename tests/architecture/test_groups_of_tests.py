"""What is marked as one group runs in one worker, or every worker would start a city of its own."""

import subprocess
import sys
from pathlib import Path

GROUPED = """
import os, pytest

@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("number", range(6))
def test_grouped(number):
    print("worker", os.environ["PYTEST_XDIST_WORKER"])

@pytest.mark.parametrize("number", range(6))
def test_free(number):
    pass
"""


def test_a_group_has_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(GROUPED, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = ["-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup", "-rP"]
    run = subprocess.run([sys.executable, *command, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    workers = [line for line in run.stdout.splitlines() if line.startswith("worker ")]
    assert run.returncode == 0, run.stdout + run.stderr
    assert (len(workers), len(set(workers))) == (6, 1)
