"""The codes of authenticator apps: six digits, new every 30 seconds (RFC 6238), numbered by their steps since 1970.

Real time, not the business clock: the app on the phone knows no other.
"""

import time

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

STEP_SECONDS = 30
#: Phones are a little fast or slow: the code before and the code after count, too.
TOLERANCE = 1


def step_now() -> int:
    """The number of the code that a right clock shows now."""
    return int(time.time()) // STEP_SECONDS


def code_of(secret: str, step: int) -> str:
    """The six digits of one step; ``secret`` is base32."""
    return format_hotp_value(hotp_value(secret, step))


def step_of(secret: str, code: str, *, after: int = 0) -> int | None:
    """Which of the steps that count now has this code, only those later than ``after``: a code is good once."""
    now = step_now()
    for step in range(max(after + 1, now - TOLERANCE), now + TOLERANCE + 1):
        if compare_user_code(actual=code, expected=code_of(secret, step)):
            return step
    return None


def next_code(secret: str, *, after: int) -> str | None:
    """A code that is good now and was not used: what an app shows, or will show in a moment; None when all were used."""
    now = step_now()
    step = max(after + 1, now)
    return code_of(secret, step) if step <= now + TOLERANCE else None
