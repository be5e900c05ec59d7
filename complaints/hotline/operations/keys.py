"""Keys of other systems: issued and revoked by the platform's operators."""

import hashlib
import secrets
from datetime import date, datetime, timedelta

from complaints.hotline.errors import KeyFacts
from complaints.hotline.models import ApiKey
from complaints.hotline.states import System
from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.transactions import transaction
from prepaid.people.errors import NotAllowed
from prepaid.people.models import User

NAME_LENGTH, MOST_PER_MINUTE = 60, 6_000
#: How long a key lasts at most.
LONGEST = timedelta(days=730)
#: Recognisable wherever one is left lying about.
PREFIX = "wo_"


def issue_key(
    *, name: str, system: str, per_minute: int, valid_until: date, by: User, at: datetime
) -> tuple[ApiKey, str]:
    """A new key and its token, which nobody can show again.

    Raises:
        NotAllowed: not an operator. KeyFacts.
    """
    _check_operator(by)
    name, today = name.strip(), beijing_date(at)
    in_bounds = 1 <= len(name) <= NAME_LENGTH and 1 <= per_minute <= MOST_PER_MINUTE and system in System.values
    if not in_bounds or not today <= valid_until <= today + LONGEST:
        raise KeyFacts()
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction():
        key = ApiKey.objects.create(
            name=name,
            system=system,
            token_sha256=hash_of(token),
            per_minute=per_minute,
            valid_until=valid_until,
            issued_by=by,
            issued_at=at,
        )
        audit.record(
            actor=by.actor,
            action="hotline.issue_key",
            target=f"apikey:{key.pk}",
            at=at,
            after={"system": system, "per_minute": per_minute, "valid_until": valid_until.isoformat()},
        )
    return key, token


def revoke_key(*, key_id: int, by: User, at: datetime) -> ApiKey:
    """It opens nothing from now on. Repeatable.

    Raises:
        NotAllowed. NotFound.
    """
    _check_operator(by)
    with transaction():
        key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
        if key is None:
            raise NotFound()
        if key.revoked_at is None:
            key.revoked_at, key.revoked_by = at, by
            key.save()
            audit.record(actor=by.actor, action="hotline.revoke_key", target=f"apikey:{key.pk}", at=at)
        return key


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _check_operator(user: User) -> None:
    if not (user.is_active and user.is_platform_operator):
        raise NotAllowed()
