from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaid.cards import codes
from prepaid.cards.errors import CodeExpired, CodeUnreadable, WrongCode

AT = datetime(2026, 11, 23, 2, 0, 10, tzinfo=UTC)


def test_the_published_example_of_rfc_6238_with_sha256() -> None:
    """Appendix B: 32-byte key, T = 59 s gives 46119246; six digits are its last six."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
    assert codes.digits_of(secret, 59 // 30) == "119246"


@given(st.text("0123456789", min_size=8, max_size=8), st.integers(0, 2**40))
def test_what_the_phone_shows_is_read_back(number: str, step: int) -> None:
    secret = codes.new_secret()
    text = codes.code_text(number, secret, step)
    assert codes.parse(text) == (number, codes.digits_of(secret, step))
    assert (
        codes.parse(text.replace(" ", "-").translate(str.maketrans("0123456789", "０１２３４５６７８９")))[0] == number
    )


@pytest.mark.parametrize(
    "text", ["", "1234", "1234 5678 901 23", "1234 5678 901 2345", "abcd 5678 901 234", "१२३४५६७८९०१२३४"]
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(CodeUnreadable):
        codes.parse(text)


def test_this_window_and_the_one_before_are_accepted_then_it_is_expired_then_wrong() -> None:
    secret = codes.new_secret()
    now = codes.step_at(AT)
    for age in range(codes.ACCEPTED_STEPS):
        assert codes.accepted_step(secret, codes.digits_of(secret, now - age), AT) == now - age
    for age in range(codes.ACCEPTED_STEPS, codes.EXPIRED_STEPS):
        with pytest.raises(CodeExpired):
            codes.accepted_step(secret, codes.digits_of(secret, now - age), AT)
    with pytest.raises(WrongCode):
        codes.accepted_step(secret, codes.digits_of(secret, now - codes.EXPIRED_STEPS), AT)
    with pytest.raises(WrongCode):
        codes.accepted_step(secret, codes.digits_of(secret, now + 1), AT)


def test_a_window_is_thirty_seconds_of_real_time_and_a_secret_32_bytes() -> None:
    assert (
        codes.step_at(AT) == codes.step_at(AT + timedelta(seconds=19)) == codes.step_at(AT + timedelta(seconds=20)) - 1
    )
    assert len(pyotp.TOTP(codes.new_secret()).byte_secret()) == 32
    assert codes.new_secret() != codes.new_secret()
