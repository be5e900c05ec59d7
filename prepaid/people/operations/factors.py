"""The second factor beside the SMS code: an authenticator app, passkeys, and recovery codes for the day both are gone.

Secrets are encrypted by ``adapter.SecondFactorAdapter``. Every step is in the audit trail, and whoever owns the account
is told of every change.
"""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow import audit
from escrow.errors import NotFound
from escrow.transactions import transaction
from prepaid.notices import operations as notices
from prepaid.people import totp
from prepaid.people.errors import LastFactor, NoFactor, NotAllowed, OwnFactor
from prepaid.people.models import User
from prepaid.people.operations.people import _target, kept_reason, locked

Type = Authenticator.Type
MAIN = (Type.TOTP, Type.WEBAUTHN)


def add_app(*, user_id: int, secret: str, confirmed_step: int = 0, at: datetime, actor: str) -> Authenticator:
    """An authenticator app with this secret (base32); it takes the place of one set up before.

    Args:
        confirmed_step: number of the code that showed that the app works (``totp.step_of``); it is not good again.
    Raises:
        NotFound
    """
    with transaction():
        user = locked(user_id)
        replaced, _models = Authenticator.objects.filter(user=user, type=Type.TOTP).delete()
        if replaced:
            _close_sessions(user)
        app: Authenticator = TOTP.activate(user, secret).instance
        app.data["last_step"] = confirmed_step
        app.save(update_fields=["data"])
        _added(user, app, at, actor, replaced=bool(replaced))
        _tell(user, _("An authenticator app now opens your account, after the SMS code."), at)
    return app


def add_passkey(*, user_id: int, credential: dict[str, Any], at: datetime, actor: str) -> Authenticator:
    """A passkey, by what the browser answered and allauth has verified.

    Raises:
        NotFound
    """
    with transaction():
        user = locked(user_id)
        passkey: Authenticator = WebAuthn.add(user, "", credential).instance
        _added(user, passkey, at, actor)
        _tell(user, _("A passkey now opens your account, after the SMS code."), at)
    return passkey


def remove_factor(*, user_id: int, factor_id: int, at: datetime, actor: str) -> None:
    """The user's app or passkey opens nothing any more; the recovery codes go with the last.

    Raises:
        NotFound
        LastFactor: who opens the administration keeps one.
    """
    with transaction():
        user = locked(user_id)
        factors = list(Authenticator.objects.filter(user=user, type__in=MAIN))
        factor = next((factor for factor in factors if factor.pk == factor_id), None)
        if factor is None:
            raise NotFound()
        if len(factors) == 1 and user.opens_administration:
            raise LastFactor()
        factor.delete()
        if len(factors) == 1:
            Authenticator.objects.filter(user=user).delete()
        _close_sessions(user)
        audit.record(
            actor=actor,
            action="people.remove_factor",
            target=_target(user),
            at=at,
            before={"factor": factor_id, "type": factor.type},
        )
        _tell(user, _("An authenticator app or a passkey was removed from your account."), at)


def make_recovery_codes(*, user_id: int, at: datetime, actor: str) -> None:
    """Ten new ones; the old ones are no longer good.

    Raises:
        NotFound
        NoFactor: there is nothing that they could stand in for.
    """
    with transaction():
        user = locked(user_id)
        if not Authenticator.objects.filter(user=user, type__in=MAIN).exists():
            raise NoFactor()
        codes = RecoveryCodes.activate(user).instance
        codes.data = {"seed": encrypt(RecoveryCodes.generate_seed()), "used_mask": 0}
        codes.save(update_fields=["data"])
        audit.record(actor=actor, action="people.make_recovery_codes", target=_target(user), at=at)
        _tell(user, _("New recovery codes were made for your account. The old ones no longer work."), at)


def use_code(*, user_id: int, code: str, at: datetime) -> Authenticator | None:
    """The app or the recovery codes that this code is of; it is not good again. None, and a trace, when it is of none.

    Raises:
        NotFound
    """
    with transaction():
        user = locked(user_id)
        kept = {factor.type: factor for factor in Authenticator.objects.filter(user=user)}
        app, codes = kept.get(Type.TOTP), kept.get(Type.RECOVERY_CODES)
        if app and (step := totp.step_of(decrypt(app.data["secret"]), code, after=app.data.get("last_step", 0))):
            app.data["last_step"] = step
            app.save(update_fields=["data"])
            return _used(user, app, at)
        if codes and codes.wrap().validate_code(code):
            _tell(user, _("A recovery code was used to open your account. It does not work again."), at)
            return _used(user, codes, at)
        audit.record(actor=user.actor, action="people.refuse_factor", target=_target(user), at=at)
    return None


def use_passkey(*, user_id: int, factor: Authenticator | None, at: datetime) -> None:
    """Write down that the user's passkey was verified, or (None) that what the browser answered was refused.

    Raises:
        NotFound
    """
    with transaction():
        user = locked(user_id)
        if factor is None:
            audit.record(actor=user.actor, action="people.refuse_factor", target=_target(user), at=at)
        else:
            _used(user, factor, at)


def reset_factors(*, user_id: int, reason: str, by: User, at: datetime) -> None:
    """An operator takes everything away from somebody who lost it; at the next sign-in they set up anew.

    Raises:
        NotAllowed: ``by`` is no active platform operator.
        OwnFactor: one's own needs a recovery code, or another operator.
        ReasonMissing, NotFound
        NoFactor: there is none.
    """
    if not (by.is_active and by.is_platform_operator):
        raise NotAllowed()
    if by.pk == user_id:
        raise OwnFactor()
    why = kept_reason(reason)
    with transaction():
        user = locked(user_id)
        factors = Authenticator.objects.filter(user=user)
        types = sorted(factor.type for factor in factors)
        if not types:
            raise NoFactor()
        factors.delete()
        _close_sessions(user)
        audit.record(
            actor=by.actor,
            action="people.reset_factors",
            target=_target(user),
            at=at,
            before={"types": types},
            after={"reason": why},
        )
        _tell(user, _("An operator of the platform reset your second factor. Set up a new one when you sign in."), at)


def _close_sessions(user: User) -> None:
    """What was opened with a factor that is gone is closed; ``access.passed_second_factor`` compares."""
    user.factor_changes += 1
    user.save(update_fields=["factor_changes"])


def _added(user: User, factor: Authenticator, at: datetime, actor: str, *, replaced: bool = False) -> None:
    RecoveryCodes.activate(user)  # those there are stay
    audit.record(
        actor=actor,
        action="people.add_factor",
        target=_target(user),
        at=at,
        after={"factor": factor.pk, "type": factor.type, "replaced": replaced},
    )


def _used(user: User, factor: Authenticator, at: datetime) -> Authenticator:
    audit.record(
        actor=user.actor,
        action="people.use_factor",
        target=_target(user),
        at=at,
        after={"factor": factor.pk, "type": factor.type},
    )
    return factor


def _tell(user: User, body: str | Promise, at: datetime) -> None:
    notices.send(
        to=user,
        kind="people.second_factor",
        title=_("Your second factor"),
        body=body,
        url="/accounts/second-factor/",
        at=at,
    )
