"""How much is tried: ``make soak`` sets PREPAID_SOAK=1 and runs the full counts of random tests, and each walk in both languages."""

import os
from typing import Any

SOAK = os.environ.get("PREPAID_SOAK") == "1"


def one_of(first: Any, *others: Any) -> list[Any]:
    """The first of several ways to run a long walk; all of them in ``make soak``."""
    return [first, *others] if SOAK else [first]
