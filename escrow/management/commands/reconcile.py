"""``manage.py reconcile FILE``: exits 0 when every line matched, 1 with differences, 2 when the file cannot be read."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error

from escrow import clock, operations, reconciliation
from escrow.bank_files import from_bytes
from escrow.bank_files.statement import MOST_BYTES
from escrow.errors import DomainError
from escrow.money import yuan
from escrow.reconciliation import Outcome


class Command(BaseCommand):
    help = "Import a bank statement, a channel's bill or the results of an instruction file, and say what matched."
    requires_system_checks: list[str] = []  # needs no pages: starts a second sooner

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--bank", default="sandbox", help="code of the bank or channel (default: sandbox)")
        parser.add_argument(
            "--format", default="", choices=["camt053", "csv", "xlsx", "bill", "results"], help="default: by content"
        )
        parser.add_argument("--json", action="store_true", help="machine-readable result")

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        try:
            with options["file"].open("rb") as stream:
                content = from_bytes(stream.read(MOST_BYTES + 1))
            facts = {"bank": options["bank"], "wanted": options["format"]}
            file = operations.upload_file(
                content=content, name=options["file"].name, at=at, actor="system:reconcile", **facts
            )
            file = operations.import_file(file_id=file.pk, at=at, actor="system:reconcile")
            outcome = reconciliation.outcome(file, content=content)
        except (DomainError, OSError, Error) as error:
            code = error.code if isinstance(error, DomainError) else type(error).__name__
            if options["json"]:
                said = {"ok": False, "error": {"code": code, "message": str(error)}}
                self.stdout.write(json.dumps(said, ensure_ascii=False))
            self.stderr.write(f"{code}: {error}")
            sys.exit(2)
        if options["json"]:
            self.stdout.write(json.dumps(outcome.facts(today=clock.beijing_date(at)), ensure_ascii=False))
        else:
            self._tell(outcome, at)
        if not outcome.ok:
            sys.exit(1)

    def _tell(self, outcome: Outcome, at: Any) -> None:
        facts = outcome.facts(today=clock.beijing_date(at))
        self.stdout.write(f"{facts['kind']} {facts['sha256'][:12]}  {facts['lines']} lines, {facts['matched']} matched")
        for line in facts["unmatched"]:
            amount = yuan(line["amount_fen"])
            self.stdout.write(
                f"  {line['day']}  {line['account']}  {line['direction']:3} {amount:>14}  {line['reference'] or '–'}"
                f"  {line['why']}  ({line['age_days']} d)"
            )
        for one in facts["broken"]:
            self.stdout.write(
                f"  {one['account']} {one['to_day']}: off by {yuan(one['off_fen'])}, gap {yuan(one['gap_fen'])}"
            )
        self.stdout.write("everything matches" if outcome.ok else "there are differences")
