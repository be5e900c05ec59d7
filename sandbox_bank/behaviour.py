"""How the bank misbehaves, for tests and the demo. Shares are 0…1, each drawn anew for every call or notification.

What is in force: the defaults, changed by SANDBOX_BANK_CHAOS (a JSON object), changed by the last POST /v1/behaviour.
"""

import json
import random
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sandbox_bank import settings
from sandbox_bank.models import Chaos
from sandbox_bank.shapes import BadShape


@dataclass(frozen=True)
class Behaviour:
    """One answer to all the ways of misbehaving."""

    settle_seconds: float = 0.5  # from accepting a refund or payout to executing it
    fail: float = 0  # accepted, then failed
    refuse: float = 0  # refused before anything happened
    hang: float = 0  # takes effect, then says nothing for
    hang_seconds: float = 8
    delay_seconds: float = 0  # before the first notification
    reverse_seconds: float = 0  # notifications gather for so long and leave newest first
    duplicate: float = 0.1  # notified twice
    lose: float = 0  # never notified

    def changed(self, wishes: object) -> "Behaviour":
        """With the named values replaced; ``BadShape`` for a name or value that is none."""
        if not isinstance(wishes, dict):
            raise BadShape("behaviour must be a JSON object")
        names = {field.name for field in fields(self)}
        for name, value in wishes.items():
            most = 3600 if str(name).endswith("_seconds") else 1
            if name not in names:
                raise BadShape(f"behaviour knows {', '.join(sorted(names))}")
            if type(value) not in {int, float} or not 0 <= value <= most:
                raise BadShape(f"{name} must be a number from 0 to {most}")
        return replace(self, **wishes)

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def from_environment() -> Behaviour:
    """``ValueError`` with a sentence when SANDBOX_BANK_CHAOS makes no sense."""
    try:
        return Behaviour().changed(json.loads(settings.CHAOS or "{}"))
    except ValueError as error:
        raise BadShape(f"SANDBOX_BANK_CHAOS: {error}") from None


def now_in_force() -> Behaviour:
    """Read anew each time: the web threads and the dispatcher share it through the database."""
    row = Chaos.objects.first()
    return from_environment().changed(row.wishes if row else {})


def wish(wishes: Any) -> Behaviour:
    """Replaces what was wished before; ``{}`` goes back to the environment's."""
    changed = from_environment().changed(wishes)
    Chaos.objects.update_or_create(pk=1, defaults={"wishes": wishes})
    return changed


def happens(share: float) -> bool:
    """Whether it does this time."""
    return random.random() < share  # noqa: S311  # nobody's secret
