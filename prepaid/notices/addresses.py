"""E-mail addresses: one way of writing them, and how others may see them."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from prepaid.notices.errors import InvalidEmail

#: RFC 5321, 4.5.3.1.3 (a path with its brackets has 256 characters).
LONGEST = 254
_validate = EmailValidator()


def clean(typed: str) -> str:
    """As it is kept: nothing around it, the domain in lower case and, where it is written in other letters, as the network has
    it (RFC 5890). What stands before the @ stays as it was typed: it is the other side's to read.

    Raises:
        InvalidEmail: nothing can be sent there.
    """
    address = typed.strip()
    name, at, domain = address.rpartition("@")
    try:
        domain = domain.lower() if domain.isascii() else domain.encode("idna").decode()
        address = f"{name}{at}{domain}"
        _validate(address)
    except (ValidationError, UnicodeError) as error:
        raise InvalidEmail() from error
    if len(address) > LONGEST or not name.isascii() or re.search(r"[\s\x00-\x1f\x7f]", address):
        raise InvalidEmail()
    return address


def masked(address: str) -> str:
    """``l***@example.com``."""
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"
