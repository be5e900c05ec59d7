"""Damage that only the owner of the tables could do is found, and what is damaged is not shown."""

import pytest
from django.core.management import call_command
from django.db import connection

from escrow import clock
from prepaid.cards import operations, queries
from prepaid.cards.errors import ContractDamaged
from prepaid.cards.models import Contract
from tests.prepaid.cards import factories

OTHER_TERMS = """
    UPDATE cards_contract SET text = other, sha256 = encode(sha256(convert_to(other, 'UTF8')), 'hex')
    FROM (SELECT id AS row, replace(text, '"terms_sha256":"', '"terms_sha256":"0') AS other FROM cards_contract) x
    WHERE row = id"""
DAMAGES = {
    "UPDATE cards_contract SET text = replace(text, '合同', '合 同')": "texts that are not what was accepted",
    "UPDATE cards_contract SET pdf = pdf || '\\x00'": "PDFs that are not what was printed",
    OTHER_TERMS: "contracts of other terms than the card's",
}


def show() -> None:
    contract = Contract.objects.get()
    operations.printed(contract=contract, at=clock.now(), actor="system:test")


def broken() -> set[str]:
    return {name for name, rows in queries.check_contracts().items() if rows}


def test_every_damage_is_found(committed_db, databases, capsys):
    with databases.use(committed_db):
        factories.card()
        show()
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        assert not broken()
        call_command("check_contracts")
        for sql, name in DAMAGES.items():
            cursor.execute("BEGIN")
            try:
                cursor.execute("ALTER TABLE cards_contract DISABLE TRIGGER contract_kept")
                cursor.execute(sql)
                assert broken() == {name}
                with pytest.raises(SystemExit) as stop:
                    call_command("check_contracts")
                assert stop.value.code == 1
                assert f"FAIL  no {name}  (1 rows)" in capsys.readouterr().out
                if sql is not OTHER_TERMS:
                    with pytest.raises(ContractDamaged):
                        show()
            finally:
                cursor.execute("ROLLBACK")
        assert not broken()
