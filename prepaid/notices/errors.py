"""What the notices app refuses."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class InvalidPhone(DomainError):
    message = _("Enter a mobile phone number, for example 138 0013 8000; abroad with its country code, as in +852 …")
    http_status = 400


class InvalidContactPhone(DomainError):
    message = _(
        "Enter a phone number that customers can call, a landline with its area code, for example 010 6551 2345; abroad with "
        "its country code."
    )
    http_status = 400
    field = "contact_phone"


class InvalidEmail(DomainError):
    message = _("Enter an e-mail address, for example lihua@example.com.")
    http_status = 400
    field = "address"


class EmailUnavailable(DomainError):
    """No mail server is configured."""

    message = _("We do not send e-mails at the moment. Your messages are in the app; look there.")
    http_status = 503


class EmailFailed(DomainError):
    """The mail server did not take it, or nobody knows whether it did."""

    message = _("The e-mail could not be sent at the moment. Wait a few minutes, then try again.")
    http_status = 503


class AddressRefused(EmailFailed):
    """The mail server says for good that there is no such mailbox (RFC 5321, 4.2.2; RFC 3463, 3.2)."""


class SmsUnavailable(DomainError):
    """No gateway is configured: a code must never be kept where nobody can receive it."""

    message = _("We cannot send SMS at the moment, so nobody can sign in by code. Please try again later.")
    http_status = 503


class SmsFailed(DomainError):
    """The gateway did not take it, or nobody knows whether it did."""

    message = _("The SMS could not be sent at the moment. Wait a few minutes, then try again.")
    http_status = 503
