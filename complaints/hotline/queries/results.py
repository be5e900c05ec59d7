"""What became of work orders, in the shape in which the hotline keeps them: first contact, result, closing text, dates."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Least
from django.utils.translation import override

from complaints.cases.models import Call, Case, Outcome, Statement
from complaints.cases.queries.file import owner_of
from complaints.cases.states import CaseState, Result, Side
from complaints.hotline.models import WorkOrder
from escrow.bank_files.writing import Cell, yuan
from escrow.clock import BEIJING, end_of_day

#: Ours, which JSON and the API use, and the Chinese headings of the CSV.
HEADINGS = {
    "system": "来源系统",
    "number": "工单编号",
    "received_at": "来电时间",
    "case": "平台编号",
    "joined": "并入已有投诉",
    "urgency": "紧急程度",
    "authority": "承办单位",
    "dispatched_at": "派单时间",
    "due_on": "办理期限",
    "first_contact_at": "首次联系时间",
    "state": "办理状态",
    "result": "办理结果",
    "amount": "退款金额",
    "closing_text": "办结意见",
    "closed_at": "办结时间",
}
#: Closing texts of cases that nobody decided.
_ENDED = {
    CaseState.WITHDRAWN: "诉求人已撤回投诉。",
    CaseState.SETTLED: "商家已撤回扣费，双方自行解决。",
}


def orders_between(*, system: str, first: date, last: date) -> QuerySet[WorkOrder]:
    """Work orders that the hotline received on these days in Beijing, in that order. ``system`` empty: all of them."""
    rows = WorkOrder.objects.filter(
        received_at__gte=datetime.combine(first, time(), BEIJING), received_at__lt=end_of_day(last)
    )
    return (rows.filter(system=system) if system else rows).order_by("received_at", "id")


def with_results(orders: QuerySet[WorkOrder]) -> QuerySet[WorkOrder]:
    """With all that ``result_of`` needs. First contact: an officer called the consumer, whatever came of it, or wrote down what the
    consumer said."""
    calls = Call.objects.filter(case=OuterRef("case"), side=Side.CONSUMER)
    words = Statement.objects.filter(case=OuterRef("case"), side=Side.CONSUMER, recorded_by__isnull=False)
    first_call, first_word = (
        Subquery(rows.order_by().values("case").annotate(first=Min("at")).values("first")) for rows in (calls, words)
    )
    rows = orders.select_related("case__lead_department", "case__lead_district", "case__outcome__repayment")
    return rows.annotate(first_contact_at=Least(first_call, first_word))


def result_of(order: Any) -> dict[str, Any]:
    """One work order with results: codes and times as a program reads them; sums in yuan."""
    case: Case = order.case
    outcome: Outcome | None = getattr(case, "outcome", None)
    with override("zh-hans"):
        authority = owner_of(case) if case.lead_department_id else ""
    return {
        "system": order.system,
        "number": order.number,
        "received_at": _time(order.received_at),
        "case": case.number,
        "joined": order.joined,
        "urgency": order.urgency,
        "authority": authority,
        "dispatched_at": _time(case.dispatched_at),
        "due_on": case.due_on.isoformat(),
        "first_contact_at": _time(order.first_contact_at),
        "state": case.state,
        "result": outcome.result if outcome else "",
        "amount": yuan(outcome.amount_fen) if outcome and outcome.amount_fen else "",
        "closing_text": _closing_text(case, outcome),
        "closed_at": _time(case.closed_at),
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(BEIJING).isoformat(timespec="seconds") if at else None


def _closing_text(case: Case, outcome: Outcome | None) -> str:
    """The reasons of the decision; of a case that its sides ended, that they did; nothing while it is open."""
    if case.closed_at is None:
        return ""
    if outcome is None:
        return _ENDED.get(CaseState(case.state), "")
    if outcome.repayment is not None and outcome.repayment.given_up_at is not None:
        return f"{outcome.reasons}\n商家逾期未退款，已告知诉求人依法起诉。"
    return outcome.reasons


def results(orders: QuerySet[WorkOrder]) -> Iterator[dict[str, Any]]:
    """One after the other, however many there are."""
    for order in with_results(orders).iterator(chunk_size=1000):
        yield result_of(order)


def as_table(found: Iterator[dict[str, Any]]) -> Iterator[list[Cell]]:
    """With Chinese headings and words, as the hotline's own tables have them."""
    yield list(HEADINGS.values())
    with override("zh-hans"):
        words: dict[str, dict[Any, str]] = {
            "joined": {True: "是", False: "否"},
            "state": {state.value: str(state.label) for state in CaseState},
            "result": {"": "", **{result.value: str(result.label) for result in Result}},
            "urgency": {"normal": "一般", "urgent": "紧急", "emergency": "特急"},
        }
    for row in found:
        row = {name: words[name][value] if name in words else value for name, value in row.items()}
        yield [
            datetime.fromisoformat(row[name]) if name.endswith("_at") and row[name] else row[name] for name in HEADINGS
        ]
