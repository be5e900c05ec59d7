"""The API: signed JSON in, signed JSON out. Each call reads, asks one operation, and says what is then so."""

import json
import logging
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox_bank import behaviour, files, operations, settings, shapes, turns
from sandbox_bank.facts import line_facts, payment_facts, transfer_facts
from sandbox_bank.models import Account, Line, Payment, Transfer
from sandbox_bank.operations import Refused
from sandbox_bank.signing import Unsigned, sign, verify

MOST_LINES = 1000
log = logging.getLogger(__name__)
Call = Callable[..., dict[str, Any] | files.File]


def api(*, get: Call | None = None, post: Call | None = None, chaotic: bool = True) -> Callable[..., HttpResponse]:
    """A view of these calls. ``chaotic`` ones misbehave as told, and only when they do something."""
    calls = {"GET": get, "POST": post}

    @csrf_exempt
    def view(request: HttpRequest, **numbers: str) -> HttpResponse:
        hang_seconds = 0.0
        try:
            verify(
                settings.PLATFORM_PUBLIC_KEY,
                method=request.method or "",
                path=as_sent(request),
                headers=request.headers,
                body=request.body,
            )
            call = calls.get(request.method or "")
            if call is None:
                raise Refused("no_such_call", "This address does not take this method.", 405)
            how = behaviour.now_in_force()
            mischief = chaotic and request.method == "POST"
            if mischief and behaviour.happens(how.refuse):
                raise Refused("declined", "The bank declines this one.")
            with turns.call():
                status, said = 200, call(request, **numbers)
            if mischief and behaviour.happens(how.hang):
                hang_seconds = how.hang_seconds
        except Unsigned as error:
            status, said = 401, refusal("unsigned", str(error))
        except RequestDataTooBig:
            status, said = 413, refusal("too_long", "The body is too long.")
        except shapes.BadShape as error:
            status, said = 400, refusal("bad_request", str(error))
        except Refused as error:
            status, said = error.status, refusal(error.code, error.message)
        except Exception:  # a caller must always get an answer it can check
            log.exception("%s %s", request.method, request.path)
            status, said = 500, refusal("broken", "The bank does not know what happened; ask again.")
        time.sleep(hang_seconds)  # after the commit: it has happened, and the caller does not know
        return answer(request, status, said)

    return view


def as_sent(request: HttpRequest) -> str:
    """Path and query to the letter; Django would spell an escaped path its own way."""
    return str(request.META.get("RAW_URI") or request.get_full_path())


def refusal(code: str, message: str) -> dict[str, Any]:
    """The body of every answer that is not 200."""
    return {"error": {"code": code, "message": message}}


def answer(request: HttpRequest, status: int, said: dict[str, Any] | files.File) -> HttpResponse:
    """Signed, and bound to the request it answers."""
    file = said if isinstance(said, files.File) else None
    body = file.body if file else json.dumps(said, ensure_ascii=False).encode()
    headers = sign(
        settings.BANK_PRIVATE_KEY,
        method=str(status),
        path=as_sent(request),
        body=body,
        nonce=request.headers.get("X-Nonce", ""),
    )
    return HttpResponse(
        body, status=status, content_type=file.media_type if file else "application/json", headers=headers
    )


def create_payment(request: HttpRequest) -> dict[str, Any]:
    """POST /v1/payments"""
    return payment_facts(operations.create_payment(**shapes.read(request.body, shapes.PAYMENT)))


def show_payment(_request: HttpRequest, number: str) -> dict[str, Any]:
    """GET /v1/payments/{order_no}"""
    payment = Payment.objects.filter(order_no=number).first()
    if payment is None:
        raise operations.not_found("payment")
    return payment_facts(payment)


def close_payment(_request: HttpRequest, number: str) -> dict[str, Any]:
    """POST /v1/payments/{order_no}/close"""
    return payment_facts(operations.close_payment(order_no=number))


def refund(request: HttpRequest) -> dict[str, Any]:
    """POST /v1/refunds"""
    return transfer_facts(operations.accept_refund(**shapes.read(request.body, shapes.REFUND)))


def refunds(request: HttpRequest) -> dict[str, Any]:
    """POST /v1/refund-batches"""
    said = shapes.read(request.body, shapes.REFUNDS)
    wanted = [shapes.fitting(one, shapes.ONE_OF_REFUNDS) for one in said["refunds"]]
    answers = operations.accept_refunds(wanted, notify_url=said["notify_url"])
    return {
        "refunds": [
            {"refund_no": one["refund_no"], **refusal(found.code, found.message)}
            if isinstance(found, Refused)
            else transfer_facts(found)
            for one, found in zip(wanted, answers, strict=True)
        ]
    }


def pay_out(request: HttpRequest) -> dict[str, Any]:
    """POST /v1/payouts"""
    return transfer_facts(operations.accept_payout(**shapes.read(request.body, shapes.PAYOUT)))


def show_transfer(_request: HttpRequest, number: str, *, kind: str) -> dict[str, Any]:
    """GET /v1/refunds/{refund_no}, GET /v1/payouts/{payout_no}"""
    transfer = Transfer.objects.filter(kind=kind, number=number).first()
    if transfer is None:
        raise operations.not_found(kind)
    return transfer_facts(transfer)


def statement(request: HttpRequest) -> dict[str, Any]:
    """GET /v1/statement. Lines are numbered in the order of commits: none appears later behind one that was read."""
    after, limit = whole(request, "after", 0), whole(request, "limit", 500)
    if not 1 <= limit <= MOST_LINES:
        raise shapes.BadShape(f"limit must be from 1 to {MOST_LINES}")
    lines = list(Line.objects.filter(line_no__gt=after).order_by("line_no")[:limit])
    accounts = Account.objects.filter(number__in={line.account_id for line in lines})
    return {
        "lines": [line_facts(line) for line in lines],
        "balances": {account.number: account.balance_fen for account in accounts},
    }


def statement_file(request: HttpRequest) -> files.File:
    """GET /v1/statement-file"""
    make = {"camt053": files.camt053, "csv": files.statement_csv}.get(request.GET.get("format", "camt053"))
    if make is None:
        raise shapes.BadShape("format must be camt053 or csv")
    return make(a_day(request), request.GET.get("account", ""))


def bill(request: HttpRequest) -> files.File:
    """GET /v1/bill"""
    return files.bill(a_day(request))


def a_day(request: HttpRequest) -> date:
    """The day of the query string, or ``BadShape``."""
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        raise shapes.BadShape("day must be a date like 2026-11-23") from None


def whole(request: HttpRequest, name: str, default: int) -> int:
    """A whole number of the query string, or ``BadShape``."""
    given = request.GET.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise shapes.BadShape(f"{name} must be a whole number from 0")
    return int(given)


def show_behaviour(_request: HttpRequest) -> dict[str, Any]:
    """GET /v1/behaviour"""
    return behaviour.now_in_force().as_dict()


def set_behaviour(request: HttpRequest) -> dict[str, Any]:
    """POST /v1/behaviour"""
    return behaviour.wish(shapes.parse(request.body)).as_dict()


def nothing_here(_request: HttpRequest, **_: str) -> dict[str, Any]:
    """Any other address under /v1/."""
    raise Refused("no_such_call", "The bank has no such call; docs/sandbox-bank.md lists them.", 404)
