"""What people had written before texts were encrypted is brought up to date in place, and back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from complaints.cases.models import Case
from prepaid.merchants.models import Merchant
from prepaid.products.models import ProductVersion
from tests.complaints import factories as make
from tests.soak import SOAK

BEFORE = [("cases", "0003"), ("cards", "0008"), ("merchants", "0056"), ("products", "0057")]


class StepByStep(MigrationLoader):
    """The migrations without those that replace others."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {key: one for key, one in self.disk_migrations.items() if not one.replaces}


def step_by_step() -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.loader = StepByStep(connection)
    return executor


def raw(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


COLUMNS = {
    "SELECT text FROM cases_case": lambda: Case.objects.get().text,
    "SELECT contact_phone FROM merchants_merchant": lambda: Merchant.objects.get().contact_phone,
    "SELECT frozen_terms #>> '{issuer,contact_phone}' FROM products_productversion": lambda: (
        ProductVersion.objects.get().terms.issuer.contact_phone
    ),
    "SELECT reason FROM cards_refundrequest": lambda: Case.objects.get().refund_request.reason,
}


@pytest.mark.skipif(
    not SOAK,
    reason="a minute and more for a step that no later change touches: part of make soak",
)
def test_old_rows_are_encrypted_in_place_and_the_terms_keep_their_fingerprint(committed_db, databases):
    make.complaint()
    clear = {sql: read() for sql, read in COLUMNS.items()}
    fingerprint = ProductVersion.objects.get().terms_sha256
    assert all(clear.values())
    assert not [sql for sql in COLUMNS if raw(sql) == clear[sql]]
    with databases.use(committed_db, as_owner=True):
        executor = step_by_step()
        latest = [node for node in executor.loader.graph.leaf_nodes() if node[0] in dict(BEFORE)]
        names = {
            app: next(n for a, n in executor.loader.disk_migrations if a == app and n.startswith(no))
            for app, no in BEFORE
        }
        executor.migrate(list(names.items()))
        assert {sql: raw(sql) for sql in COLUMNS} == clear
        executor = step_by_step()
        executor.migrate(latest)
    assert not [sql for sql in COLUMNS if raw(sql) == clear[sql]]
    assert {sql: read() for sql, read in COLUMNS.items()} == clear
    assert ProductVersion.objects.get().terms_sha256 == fingerprint
