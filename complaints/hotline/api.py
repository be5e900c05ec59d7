"""Work orders from and to another system, one at a time."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from complaints.cases.operations.intake import terms_from
from complaints.cases.states import Limit
from complaints.hotline import operations
from complaints.hotline.access import HasKey, KeyAuthentication, KeyRate
from complaints.hotline.lines import PROBLEMS, Order, Wrong, calendar_of, number_of, read_order
from complaints.hotline.models import ApiKey, WorkOrder
from complaints.hotline.queries.results import result_of, with_results
from complaints.hotline.serializers import OrderBody, ResultAnswer
from escrow import clock
from escrow.errors import NotFound
from prepaid.cards.serializers import ErrorAnswer
from prepaid.people.api import ObjectParser

REFUSALS = {400: ErrorAnswer, 401: ErrorAnswer, 429: ErrorAnswer}


class SystemView(APIView):
    authentication_classes = [KeyAuthentication]
    permission_classes = [HasKey]
    throttle_classes = [KeyRate]
    parser_classes = [ObjectParser]


class WorkOrders(SystemView):
    @extend_schema(
        operation_id="send_work_order",
        summary="Send one work order",
        request=OrderBody,
        responses={201: ResultAnswer, 200: ResultAnswer, **REFUSALS, 409: ErrorAnswer, 413: ErrorAnswer},
    )
    def post(self, request: Request) -> Response:
        """201 for a new one. A number that was sent before is answered with 200 and what became of it; nothing else of the body
        is looked at then."""
        key = _key(request)
        said: dict[str, Any] = dict(request.data)  # ``ObjectParser``: one object
        number = number_of({"number": str(said.get("number", ""))})
        known = _found(key, number)
        if known is not None:
            return Response(known)
        body = OrderBody(data=said)
        body.is_valid(raise_exception=True)
        order, is_new = operations.submit_order(key=key, order=_order(body.validated_data), at=clock.now())
        return Response(_found(key, order.number), status=201 if is_new else 200)


class WorkOrderResult(SystemView):
    @extend_schema(
        operation_id="work_order",
        summary="Where a work order of one's own system stands",
        responses={200: ResultAnswer, **REFUSALS, 404: ErrorAnswer},
    )
    def get(self, request: Request, number: str) -> Response:
        """In the shape of the export."""
        found = _found(_key(request), number)
        if found is None:
            raise NotFound()
        return Response(found)


def _key(request: Request) -> ApiKey:
    assert isinstance(request.auth, ApiKey)  # ``HasKey``
    return request.auth


def _found(key: ApiKey, number: str) -> dict[str, object] | None:
    order = with_results(WorkOrder.objects.filter(system=key.system, number=number)).first() if number else None
    return result_of(order) if order else None


def _order(cells: dict[str, str]) -> Order:
    try:
        return read_order(
            cells, calendar=calendar_of(lambda received: terms_from(received, Limit.PREPAID)), at=clock.now()
        )
    except Wrong as wrong:
        fields: dict[str, Any] = {}
        for column, code in wrong.problems:
            fields.setdefault(column, []).append(PROBLEMS[code])
        raise serializers.ValidationError(fields) from wrong
