"""What people see of the bank: the cashier, and the overview of its custody accounts. No scripts anywhere."""

import base64
import hashlib
import re
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods

from sandbox_bank import files, operations
from sandbox_bank.models import Account, Line, Payment
from sandbox_bank.words import words

STYLE = (Path(__file__).parent / "style.css").read_text()
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def page(
    request: HttpRequest, name: str, *, status: int = 200, back: str = "", forms: str = "'none'", **context: Any
) -> HttpResponse:
    """``back`` is where the page's form may lead to: browsers hold a form's redirect to form-action too. ``forms``: form-action of
    a page whose form leads nowhere else."""
    context |= {"words": words(request), "style": mark_safe(STYLE), "back": back}  # noqa: S308  # our own file
    response = render(request, f"sandbox_bank/{name}.html", context, status=status)
    parts = urlsplit(back)
    forms = f"'self' {parts.scheme}://{parts.netloc}" if back else forms
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action {forms}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return response


@never_cache
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def cashier(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, or shows the receipt; POST pays once, however often it comes, and leads back to the merchant."""
    if request.method == "POST":
        try:
            payment = operations.pay(token=token)
        except operations.Refused:
            return not_found(request)
        if payment.state == Payment.State.PAID:
            return HttpResponse(status=303, headers={"Location": payment.return_url})
    else:
        found = Payment.objects.filter(token=token).first()
        if found is None:
            return not_found(request)
        payment = found
    return page(
        request,
        "cashier",
        status=409 if request.method == "POST" else 200,
        back=payment.return_url,
        payment=payment,
        amount=yuan(payment.amount_fen),
    )


@never_cache
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def teller(request: HttpRequest) -> HttpResponse:
    """The counter: cash paid into a custody account, with the remark that the slip names."""
    typed = {name: (request.POST or request.GET).get(name, "").strip() for name in ("account", "code", "amount")}
    said, status, done = "", 200, None
    if request.method == "POST":
        fen = _fen(typed["amount"])
        if fen is None or not _NUMBER.fullmatch(typed["code"]):
            said, status = "slip_wrong", 400
        else:
            try:
                done = operations.deposit(account=typed["account"], code=typed["code"], amount_fen=fen)
            except operations.Refused as refused:
                said, status = (
                    {"no_such_account": "no_account", "number_reused": "slip_used"}[refused.code],
                    refused.status,
                )
    return page(
        request,
        "teller",
        status=status,
        forms="'self'",
        typed=typed,
        said=words(request)[said] if said else "",
        done=done and (done, yuan(done.amount_fen)),
    )


_NUMBER = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def _fen(text: str) -> int | None:
    """Yuan with at most two places, above zero; None for anything else."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", text) is None:
        return None
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0")) or None


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """What the bank sees: accounts and the latest movements."""
    accounts = Account.objects.filter(line__isnull=False).distinct().order_by("-balance_fen", "number")[:200]
    return page(
        request,
        "ledger",
        day=timezone.now().astimezone(files.BEIJING).date().isoformat(),
        total=yuan(Account.objects.aggregate(fen=Sum("balance_fen", default=0))["fen"]),
        accounts=[(account, yuan(account.balance_fen), yuan(account.reserved_fen)) for account in accounts],
        lines=[
            (line, yuan(line.amount_fen), yuan(line.balance_after_fen), words(request)[line.kind])
            for line in Line.objects.order_by("-line_no")[:50]
        ],
    )


@require_GET
def file(request: HttpRequest, what: str) -> HttpResponse:
    """The files of a day as people get them, to be saved: ``camt053``, ``csv`` or ``bill``."""
    make = {"camt053": files.camt053, "csv": files.statement_csv, "bill": files.bill}.get(what)
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        make = None
    if make is None:
        return not_found(request)
    made = make(day)
    return HttpResponse(
        made.body,
        content_type=made.media_type,
        headers={"Content-Disposition": f'attachment; filename="{made.name}"'},
    )


@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """For the supervisor: up, and its database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address nobody was given."""
    return page(request, "sorry", status=404, title="missing")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its cookie."""
    return page(request, "sorry", status=403, title="expired", again=request.get_full_path())


def yuan(fen: int) -> str:
    """Never negative here: 123450 → ``¥1,234.50``."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"
