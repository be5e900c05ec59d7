"""The counter, the holder's answers to a charge, and a card's statement."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.models import Redemption
from prepaid.cards.serializers import ChargeAnswer, ChargeBody, ConfirmBody, ErrorAnswer, StatementAnswer
from prepaid.cards.states import Deed
from prepaid.merchants.access import COUNTER_KEY, WORKS_NOWHERE, at_counter
from prepaid.merchants.errors import CounterOnly
from prepaid.merchants.models import StaffMember
from prepaid.people.access import me
from prepaid.people.api import ObjectParser
from prepaid.people.rates import UserRate

REFUSALS = {400: ErrorAnswer, 403: ErrorAnswer, 404: ErrorAnswer, 409: ErrorAnswer, 429: ErrorAnswer}


class CounterRate(UserRate):
    """A busy counter scans every few seconds; nobody scans twice a second."""

    scope = "counter"
    rate = "120/min"


class CounterView(APIView):
    throttle_classes = [CounterRate]
    parser_classes = [ObjectParser]


class Charges(CounterView):
    @extend_schema(
        operation_id="charge_card",
        summary="Charge the card whose code was shown",
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                required=True,
                description="8 to 64 letters, digits or dashes, new for every charge; repeating it repeats the answer",
            )
        ],
        request=ChargeBody,
        responses={201: ChargeAnswer, **REFUSALS, 413: ErrorAnswer, 422: ErrorAnswer, 503: ErrorAnswer},
    )
    def post(self, request: Request) -> Response:
        """One session, or up to one visit at the sold price, is final at once; more, and every lesson of a course, waits for the
        holder."""
        body = ChargeBody(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        staff = _staff(request, values["store"])
        try:
            redemption = operations.charge_card(
                staff=staff,
                code=values["code"],
                units=values["units"],
                amount_fen=values["amount_fen"],
                lesson_class=values["lesson_class"],
                lesson_on=values["lesson_on"],
                store_id=values["store"],
                note=values["note"],
                rest_at_till=values["rest_at_till"],
                scanned_ago=timedelta(seconds=ago) if (ago := values["scanned_seconds_ago"]) else None,
                key=request.headers.get("Idempotency-Key", ""),
                at=clock.now(),
                at_real=timezone.now(),
                actor=staff.user.actor,
            )
        except DomainError:
            operations.count_refusal(staff=staff, store_id=values["store"], at=clock.now())
            raise
        return _charge(redemption, 201)


class ChargeUndo(CounterView):
    @extend_schema(
        operation_id="undo_charge",
        summary="Take a charge back",
        request=None,
        responses={200: ChargeAnswer, **REFUSALS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """A waiting charge at any time, a final one on the same day."""
        staff = _taken_over(request) or queries.workplace_of_charge(user=me(request), redemption_id=pk)
        actor = staff.user.actor
        return _charge(operations.undo_redemption(staff=staff, redemption_id=pk, at=clock.now(), actor=actor), 200)


class ChargeConfirm(APIView):
    @extend_schema(
        operation_id="confirm_charge",
        summary="Confirm a waiting charge to one's own card, or one that one is a guardian on, or a part of it",
        request=ConfirmBody,
        responses={200: ChargeAnswer, **REFUSALS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """The holder agrees with the named figure, or with ``units`` of it; that is final and the rest returns."""
        user = me(request)
        asked = ConfirmBody(data=request.data)
        asked.is_valid(raise_exception=True)
        redemption = operations.confirm_redemption(
            person_id=user.pk,
            redemption_id=pk,
            units=asked.validated_data["units"],
            at=clock.now(),
            actor=user.actor,
        )
        return _charge(redemption, 200)


class ChargeDispute(APIView):
    @extend_schema(
        operation_id="dispute_charge",
        summary="Dispute a waiting charge to one's own card",
        request=None,
        responses={200: ChargeAnswer, **REFUSALS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """The holder disagrees; nothing is charged. ``complaint_needed`` where a no alone does not end the charge: silence
        would confirm it, or the merchant insists."""
        user = me(request)
        return _charge(
            operations.dispute_redemption(person_id=user.pk, redemption_id=pk, at=clock.now(), actor=user.actor), 200
        )


class Statement(APIView):
    @extend_schema(
        operation_id="card_statement",
        summary="One's own card: what is on it and every line",
        responses={200: StatementAnswer, 403: ErrorAnswer, 404: ErrorAnswer, 429: ErrorAnswer},
    )
    def get(self, request: Request, number: str) -> Response:
        """Newest line first, each with the balance after it."""
        card = queries.card_of(user=me(request), number=number, deed=Deed.SEE)
        face = queries.face_of(card=card, today=clock.today())
        answer = StatementAnswer(face, context={"lines": queries.statement(card=card)})
        return Response(answer.data)


def _staff(request: Request, store_id: int | None) -> StaffMember:
    """Where the person charges: at the merchant of the named store, else at the one they work for on the pages."""
    staff = _taken_over(request)
    if staff is None and store_id is not None:
        staff = queries.staff_at(user=me(request), store_id=store_id)
    staff = staff or at_counter(request._request)
    if staff is None:
        raise NotFound(WORKS_NOWHERE)
    return staff


def _taken_over(request: Request) -> StaffMember | None:
    """Who took over the counter by PIN, if anybody did."""
    if COUNTER_KEY not in request._request.session:
        return None
    staff = at_counter(request._request)
    if staff is None:
        raise CounterOnly()
    return staff


def _charge(redemption: Redemption, status: int) -> Response:
    return Response(ChargeAnswer(redemption).data, status=status)
