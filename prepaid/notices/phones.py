"""Phone numbers: one spelling (E.164), checked against the numbering plan, masked wherever people look."""

import re

import phonenumbers
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric

from prepaid.notices.errors import InvalidContactPhone, InvalidPhone

#: A number typed without a country code is a Chinese one.
HOME_REGION = "CN"
_TAKES_SMS = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def e164(text: str) -> str:
    """``"138 0013 8000"`` → ``"+8613800138000"``; full-width digits, spaces and dashes are fine.

    Raises:
        InvalidPhone: not a possible number, not in the numbering plan, or one that takes no SMS.
    """
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone() from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise InvalidPhone()
    if phonenumbers.number_type(number) not in _TAKES_SMS:
        raise InvalidPhone(_("This is not a mobile number. We send the sign-in code by SMS, so we need one."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def contact(text: str) -> str:
    """A number that people call, a landline too, with its extension, as people write it: ``"01065512345转8001"`` →
    ``"010 6551 2345 ext. 8001"``.

    Raises:
        InvalidContactPhone: not in the numbering plan.
    """
    try:
        number = phonenumbers.parse(text.replace("转", " ext. "), HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidContactPhone() from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidContactPhone()
    return _as_written(number)


def masked(phone: str) -> str:
    """``"+8613800138000"`` → ``"138****8000"``; numbers abroad keep their country code: ``"+852****5678"``."""
    number = phonenumbers.parse(phone)
    national = str(number.national_number)
    if number.country_code == 86:
        return f"{national[:3]}****{national[-4:]}"
    return f"+{number.country_code}****{national[-4:]}"


def spaced(phone: str) -> str:
    """``"+8613800138000"`` → ``"138 0013 8000"``, for the person who just typed it."""
    return _as_written(phonenumbers.parse(phone))


def _as_written(number: phonenumbers.PhoneNumber) -> str:
    home = number.country_code == phonenumbers.country_code_for_region(HOME_REGION)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if home else style.INTERNATIONAL)


_PHONE_IN_TEXT = re.compile(r"(?<!\d)(?:\+?86)?(1[3-9]\d)\d{4}(\d{4})(?!\d)")


_IDENTITY_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")


def mask_in(text: str) -> str:
    """The text with every Chinese mobile number and identity card number (GB 11643) in it masked, for logs and reasons."""
    return _PHONE_IN_TEXT.sub(r"\1****\2", _IDENTITY_IN_TEXT.sub(_masked_identity, text))


def _masked_identity(found: re.Match[str]) -> str:
    """By its check digit, so that other long numbers stay."""
    number = found[0]
    return f"{number[:6]}********{number[-4:]}" if ric.is_valid(number.upper()) else number
