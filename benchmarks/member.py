"""``python -m benchmarks.member DEED DATABASE NUMBER OF``: one process of a crew that uses cards through the public verbs."""

import os
import random
import sys
import uuid
from collections.abc import Callable

from benchmarks.cards import ACTOR, CARDS, CARDS_EACH, agreement_of, merchant_of
from benchmarks.crew import serve


def main() -> None:
    """Connect, say so, then work round by round."""
    deed, database, number, members = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    deeds: dict[str, Callable[[], Callable[[], int]]] = {
        "bare": floor_by_django,
        "spread": lambda: one_use(1, CARDS),
        "merchant": lambda: one_use(1, CARDS_EACH),
        "sets": lambda: set_of_uses(1 + CARDS * number // members, CARDS * (number + 1) // members),
    }
    serve(deeds[deed]())


def floor_by_django() -> Callable[[], int]:
    """The floor's own statement through Django's cursor, in autocommit: what any use must cost that Python asks for."""
    from django.db import connection

    draw = random.Random()

    def deed() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT floor_transfer_one(%s, 1)", [draw.randint(1, CARDS)])
            cursor.fetchone()
        return 1

    return deed


def one_use(first: int, last: int) -> Callable[[], int]:
    """A use of one of the cards, final at once."""
    from escrow import operations as escrow
    from tests.escrow.factories import AT

    draw = random.Random()

    def deed() -> int:
        card = draw.randint(first, last)
        escrow.charge(
            beneficiary_id=merchant_of(card),
            agreement_id=agreement_of(card),
            units=1,
            final=True,
            key=str(uuid.uuid4()),
            reference="bench",
            at=AT,
            actor=ACTOR,
        )
        return 1

    return deed


def set_of_uses(first: int, last: int) -> Callable[[], int]:
    """A thousand uses in one call, each of another card."""
    from escrow.operations.uses import Charge, charge_many
    from tests.escrow.factories import AT

    draw = random.Random()

    def deed() -> int:
        commands = [
            Charge(
                beneficiary_id=merchant_of(card),
                agreement_id=agreement_of(card),
                units=1,
                final=True,
                key=str(uuid.uuid4()),
                reference="bench",
            )
            for card in draw.sample(range(first, last + 1), 1000)
        ]
        done = charge_many(commands, at=AT, actor=ACTOR)
        assert not any(isinstance(outcome, Exception) for outcome in done)
        return len(done)

    return deed


if __name__ == "__main__":
    main()
