"""What the card API takes and gives. Amounts are integer fen; times are ISO 8601 with offset."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from escrow.errors import DomainError, InvalidAmount, InvalidUnits
from escrow.money import MAX_FEN
from prepaid.cards.errors import StoreNeeded
from prepaid.cards.models import Redemption
from prepaid.cards.queries import CardFace


class _WholeNumber(serializers.IntegerField):
    """A JSON integer; anything else is the domain's refusal, not a conversion."""

    refusal: type[DomainError]

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            raise self.refusal()
        return data


@extend_schema_field({"type": "integer", "minimum": 1, "description": "sessions"})
class SessionsField(_WholeNumber):
    refusal = InvalidUnits


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_FEN, "description": "fen"})
class AmountField(_WholeNumber):
    refusal = InvalidAmount


@extend_schema_field({"type": "integer", "minimum": 1, "description": "seconds"})
class SecondsField(serializers.IntegerField):
    """So many seconds, at most a month."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=31 * 24 * 3600, **kwargs)


@extend_schema_field({"type": "integer"})
class StoreField(_WholeNumber):
    refusal = StoreNeeded


class _Body(serializers.Serializer[Any]):
    """A request that knows its fields."""

    def validate(self, attrs: Any) -> Any:
        """A field that is none is a mistake: ``amount`` for ``amount_fen`` must not charge a session."""
        unknown = _("There is no such field. Take it out, or correct its name.")
        if wrong := set(self.initial_data) - set(self.fields):
            raise serializers.ValidationError({name: [unknown] for name in sorted(wrong)})
        return attrs


class ChargeBody(_Body):
    """Which card, and how much: ``units`` sessions, ``amount_fen``, or the lesson of a course; none for one session or a
    check-in."""

    code = serializers.CharField(max_length=32, help_text="the 14 digits the card shows, spaces allowed")
    units = SessionsField(required=False, allow_null=True, default=None)
    amount_fen = AmountField(
        required=False,
        allow_null=True,
        default=None,
        help_text="the price displayed in the store (fen); a discount card is charged its rate of it",
    )
    lesson_class = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default="", help_text="the class, of a course card only"
    )
    lesson_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="the day of the lesson; without it today"
    )
    store = StoreField(
        required=False, allow_null=True, default=None, help_text="for owners and managers; a cashier's store is known"
    )
    note = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    rest_at_till = serializers.BooleanField(
        required=False,
        default=False,
        help_text="where a stored value card holds less: charge what it holds, the rest is paid at the till",
    )

    scanned_seconds_ago = SecondsField(
        required=False,
        allow_null=True,
        default=None,
        help_text="the counter had no network when the code was shown, so long ago: the charge is one visit at most, and waits",
    )


class ConfirmBody(_Body):
    """How much of the charge is right; without ``units`` all of it."""

    units = SessionsField(
        required=False,
        allow_null=True,
        default=None,
        help_text="sessions, or fen of face value or discounted price; the rest returns",
    )


class ChargeAnswer(serializers.Serializer[Redemption]):
    """A charge as staff or its holder sees it."""

    id = serializers.IntegerField(source="pk")
    card = serializers.CharField(source="card.number")
    product = serializers.CharField(source="card.version.product.name")
    plan = serializers.CharField(
        source="card.version.kind", help_text="sessions, stored_value, discount, period or course"
    )
    state = serializers.CharField(
        help_text="final, reserved (waits for the holder), disputed, voided, expired, undone; checked_in or undone for a period card"
    )
    units = serializers.IntegerField(
        source="use.units",
        default=0,
        help_text="sessions, lessons, or fen of face value or discounted price; 0 for a check-in",
    )
    claimed_units = serializers.IntegerField(
        source="units", help_text="as the merchant claimed; the holder may confirm less"
    )
    amount_fen = serializers.IntegerField(source="use.amount_fen", default=0, help_text="money earned by it (fen)")
    bonus_fen = serializers.IntegerField(source="use.bonus_fen", default=0, help_text="gift money used by it (fen)")
    list_fen = serializers.SerializerMethodField(
        help_text="of a discount card: the list price of what is or would be charged (fen)"
    )
    paid_otherwise_fen = serializers.IntegerField(help_text="what of the displayed price was paid at the till (fen)")
    lesson_class = serializers.CharField(help_text="of a course: the class")
    lesson_on = serializers.DateField(allow_null=True, help_text="of a course: the day of the lesson")
    confirm_until = serializers.DateTimeField(
        source="use.confirm_until",
        default=None,
        allow_null=True,
        help_text="when silence decides; null while no notice of it was delivered",
    )
    silence = serializers.CharField(
        source="use.silence",
        default="",
        help_text="what no answer will mean: expires or confirms; empty for a final charge",
    )
    store = serializers.CharField(source="store.name")
    at = serializers.DateTimeField()
    message = serializers.SerializerMethodField(help_text="one sentence for people")

    def get_list_fen(self, redemption: Redemption) -> int | None:
        if redemption.list_fen is None or redemption.use is None:
            return None
        return redemption.list_fen_of(redemption.use.units)

    def get_message(self, redemption: Redemption) -> str:
        return redemption.outcome


class StatementEntryAnswer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(source="entry.at")
    reason = serializers.CharField(source="entry.reason")
    reason_label = serializers.CharField(source="entry.reason_label")
    units = serializers.IntegerField(source="entry.units")
    amount_fen = serializers.IntegerField(source="entry.amount_fen")
    bonus_fen = serializers.IntegerField(source="entry.bonus_fen")
    held_after_fen = serializers.IntegerField(source="entry.held_after_fen")
    store = serializers.CharField(source="redemption.store.name", default="")
    note = serializers.CharField(source="redemption.note", default="")
    list_fen = serializers.IntegerField(help_text="of a discount card: the list price of what the line is for (fen)")
    lesson = serializers.CharField(source="redemption.lesson", default="", help_text="of a course: day and class")


class StatementAnswer(serializers.Serializer[CardFace]):
    """What is on a card, and every line that made it so, newest first."""

    card = serializers.CharField(source="card.number")
    product = serializers.CharField(source="card.version.product.name")
    issuer = serializers.CharField(source="card.issuer.name")
    plan = serializers.CharField(source="holding.plan")
    state = serializers.CharField(source="holding.state")
    price_fen = serializers.IntegerField(source="holding.price_fen")
    principal_fen = serializers.IntegerField(source="spendable_fen", help_text="money free on the card (fen)")
    gift_fen = serializers.IntegerField(help_text="gift money free on the card (fen); never money")
    units_left = serializers.IntegerField(source="holding.units_left")
    units_reserved = serializers.IntegerField(source="holding.units_reserved")
    expires_on = serializers.DateField(source="last_day", allow_null=True)
    lines = serializers.SerializerMethodField()

    @extend_schema_field(StatementEntryAnswer(many=True))
    def get_lines(self, face: CardFace) -> Any:
        return StatementEntryAnswer(self.context["lines"], many=True).data


class Refusal(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="stable, for programs")
    message = serializers.CharField(help_text="a sentence for people, in the request's language")
    fields = serializers.DictField(  # type: ignore[assignment]  # the metaclass takes it as a field
        required=False, help_text="of a malformed body: field to sentences"
    )


class ErrorAnswer(serializers.Serializer[Any]):
    error = Refusal()
