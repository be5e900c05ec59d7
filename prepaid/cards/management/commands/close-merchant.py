"""``manage.py close-merchant CASE [--dry-run] [--json]``: exits 0 done, 1 refused or cards left over, 2 when it could not run."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error

from escrow import clock
from escrow.errors import DomainError, NotFound
from escrow.money import yuan
from prepaid.cards import operations, queries
from prepaid.merchants.models import Closing

ACTOR = "system:close-merchant"


class Command(BaseCommand):
    help = "Carry out an approved closing: every card of it is paid back and every holder told. Safe to interrupt and to repeat."
    requires_system_checks: list[str] = []  # needs no pages: starts a second sooner

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("case", type=int, help="number of the closing, as its page in the administration has it")
        parser.add_argument("--dry-run", action="store_true", help="say what it comes to, and change nothing")
        parser.add_argument("--json", action="store_true", help="machine-readable result; sums in fen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = _foreseen(options["case"]) if options["dry_run"] else _carried_out(options["case"])
        except (DomainError, Error) as error:
            code = error.code if isinstance(error, DomainError) else type(error).__name__
            words = " ".join(str(error).split())
            if options["json"]:
                said = {"ok": False, "error": {"code": code, "message": words}}
                self.stdout.write(json.dumps(said, ensure_ascii=False))
            self.stderr.write(f"{code}: {words}")
            sys.exit(1 if isinstance(error, DomainError) else 2)
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self._tell(told)
        if not told["ok"]:
            sys.exit(1)

    def _tell(self, told: dict[str, Any]) -> None:
        state = "approved" if told["approved"] else "NOT APPROVED: it would be refused"
        self.stdout.write(f"closing {told['case']}  {told['merchant']}  last day {told['last_day']}  {state}")
        for name, value in told.items():
            if isinstance(value, dict) and "fen" in value:
                self.stdout.write(f"  {name:<16} {value['cards']:>7} cards  {yuan(value['fen']):>16}")
            elif name.endswith("_fen"):
                self.stdout.write(f"  {name.removesuffix('_fen'):<16} {'':>13}  {yuan(value):>16}")
        for one in told.get("faults", []):
            self.stdout.write(f"  card {one['card']} could not be paid back: {one['code']}")
        if not told["ok"]:
            self.stdout.write("some cards could not be paid back: mend what is named, then run it again")


def _head(closing: Closing, *, ok: bool = True) -> dict[str, Any]:
    about = {"case": closing.pk, "merchant": closing.merchant.name, "last_day": closing.last_day.isoformat()}
    return {"ok": ok, **about, "approved": closing.pays_back}


def _heap(heap: queries.Heap) -> dict[str, int]:
    return {"cards": heap.cards, "fen": heap.fen}


def _foreseen(number: int) -> dict[str, Any]:
    closing = Closing.objects.filter(pk=number).first()
    if closing is None:
        raise NotFound()
    found = queries.forecast(closing, at=clock.now())
    return _head(closing) | {
        "dry_run": True,
        "owed": _heap(found.owed),
        "interest_fen": found.interest_fen,
        "from_custody_fen": found.held_fen,
        "made_good_fen": found.made_good_fen,
        "claimed_fen": found.claimed_fen,
        "asked_before": _heap(found.asked),
        "no_way_back": _heap(found.no_way_back),
        **{str(fate): _heap(heap) for fate, heap in found.others},
    }


def _carried_out(number: int) -> dict[str, Any]:
    closing = operations.close_merchant(closing_id=number, at=clock.now(), actor=ACTOR)
    found = queries.progress(closing)
    return _head(closing, ok=closing.refunded_at is not None and not found.faults_count) | {
        "dry_run": False,
        "granted": _heap(found.granted),
        "sent": _heap(found.sent),
        "confirmed": _heap(found.confirmed),
        "waiting": _heap(found.waiting),
        "nowhere_to_go": _heap(found.nowhere),
        "claims": _heap(found.claims),
        "faults": [{"card": one.card.number, "code": one.code} for one in found.faults],
    }
