"""The card's rotating code: a time-based one-time password (RFC 6238, SHA-256, 30 s, 6 digits) behind the card's number.

It needs no network on the phone, only its clock. ``step`` counts 30-second windows since 1970 of **real** time: the
phone knows nothing of a business clock.
"""

import hashlib
import hmac
import re
import unicodedata
from datetime import datetime

import pyotp

from prepaid.cards.errors import CodeExpired, CodeUnreadable, NumberWithoutCode, WrongCode

STEP_SECONDS = 30
NUMBER_DIGITS = 8
CODE_DIGITS = 6
#: Windows accepted: this one and the one before (the phone was held up while it turned).
ACCEPTED_STEPS = 2
#: How far the counter's account of when a stored code was scanned may be off, either way.
STORED_STEPS = 4
#: A right code out of these past windows (ten minutes) is called expired rather than wrong.
EXPIRED_STEPS = 20


def new_secret() -> str:
    """32 random bytes in base32: the key length RFC 6238 advises for SHA-256."""
    return pyotp.random_base32(52)


def step_at(at_real: datetime) -> int:
    """The 30-second window that ``at_real`` (aware, real time) falls in."""
    return int(at_real.timestamp()) // STEP_SECONDS


def digits_of(secret: str, step: int) -> str:
    """The six digits of one window."""
    return pyotp.TOTP(secret, digits=CODE_DIGITS, digest=hashlib.sha256, interval=STEP_SECONDS).generate_otp(step)


def code_text(number: str, secret: str, step: int) -> str:
    """What the phone shows and the QR code holds: ``"1234 5678 901 234"``."""
    digits = digits_of(secret, step)
    return f"{number[:4]} {number[4:]} {digits[:3]} {digits[3:]}"


def plain_digits(text: str) -> str:
    """As a keyboard or a scanner gives them, without spaces, dashes and full width."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text))


def parse(text: str) -> tuple[str, str]:
    """``"1234 5678 901 234"`` → ``("12345678", "901234")``; spaces, dashes and full-width digits are fine.

    Raises:
        NumberWithoutCode: the number of a card, as a printed card has it. CodeUnreadable: anything else but 14 digits.
    """
    plain = plain_digits(text)
    if re.fullmatch(rf"[0-9]{{{NUMBER_DIGITS}}}", plain):
        raise NumberWithoutCode()
    if not re.fullmatch(rf"[0-9]{{{NUMBER_DIGITS + CODE_DIGITS}}}", plain):
        raise CodeUnreadable()
    return plain[:NUMBER_DIGITS], plain[NUMBER_DIGITS:]


def accepted_step(secret: str, digits: str, at_real: datetime) -> int:
    """The window these digits belong to, this one or the one before.

    Raises:
        CodeExpired: right in the last ten minutes, but over.
        WrongCode: never right in that time.
    """
    now = step_at(at_real)
    for age in range(EXPIRED_STEPS):
        if hmac.compare_digest(digits_of(secret, now - age), digits):
            if age < ACCEPTED_STEPS:
                return now - age
            raise CodeExpired()
    raise WrongCode()


def stored_step(secret: str, digits: str, scanned_at: datetime) -> int:
    """The window these digits belong to, about ``scanned_at`` (real time): the counter had no network and sends them later.

    Raises:
        WrongCode: not right about that time.
    """
    then = step_at(scanned_at)
    for step in range(then - STORED_STEPS, then + STORED_STEPS + 1):
        if hmac.compare_digest(digits_of(secret, step), digits):
            return step
    raise WrongCode()
