"""Refund requests whose time or whose money has come, merchants that close, contracts to print, invitations
that lapse.

PostgreSQL is the queue; each task carries an id and calls one verb.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from celery import shared_task

from escrow import clock
from escrow.errors import DomainError
from escrow.transactions import ring
from prepaid.cards import operations, queries
from prepaid.merchants import operations as merchants
from prepaid.merchants.queries import closings_to_tell_existing

logger = logging.getLogger(__name__)
#: What a broker or a worker lost is made up for so long.
VISITS_LOOKED_BACK = timedelta(days=30)
ACTOR = "system:cards"


@shared_task
def pass_silence(request_id: int) -> None:
    """The merchant's term is over."""
    operations.pass_silence(request_id=request_id, at=clock.now(), actor=ACTOR)


@shared_task
def record_paid(request_id: int) -> None:
    """The bank has paid."""
    operations.record_paid(request_id=request_id, at=clock.now(), actor=ACTOR)


@shared_task
def tell_holders(closing_id: int) -> None:
    """A merchant closes or moves: everybody concerned is told."""
    while operations.tell_holders(closing_id=closing_id, at=clock.now()):
        pass


@shared_task
def tell_of_handover(handover_id: int) -> None:
    """Who runs a merchant changes, or has changed: everybody concerned is told."""
    while operations.tell_of_handover(handover_id=handover_id, at=clock.now()):
        pass


@shared_task
def end_service(closing_id: int) -> None:
    """The announced day is over."""
    merchants.end_service(closing_id=closing_id, at=clock.now(), actor=ACTOR)


@shared_task
def refund_closed_cards(closing_id: int) -> None:
    """What is left on cards of a place that has closed goes back without asking."""
    operations.refund_closed_cards(closing_id=closing_id, at=clock.now(), actor=ACTOR)


@shared_task
def print_contract(contract_id: int) -> None:
    """The card is paid and its contract's PDF is not made yet."""
    operations.print_contract(contract_id=contract_id, at=clock.now(), actor=ACTOR)


@shared_task
def lapse_invitation(person_id: int) -> None:
    """Nobody answered an invitation to a card in time."""
    operations.lapse_invitation(person_id=person_id, at=clock.now(), actor=ACTOR)


@shared_task
def follow_closing(closing_id: int) -> None:
    """A place was found closed: what follows is not left to the sweep. The money first, by two processes."""
    end_service(closing_id)
    ring("prepaid.cards.tasks.refund_closed_cards", closing_id)
    refund_closed_cards(closing_id)
    tell_holders(closing_id)
    tell_existing_holders(closing_id)


@shared_task
def lapse_transfer(transfer_id: int) -> None:
    """Nobody took the offered card over in time."""
    operations.lapse_transfer(transfer_id=transfer_id, at=clock.now(), actor=ACTOR)


@shared_task
def return_days(card_id: int) -> None:
    """A month of a membership has days that nobody served and that cannot be used any more."""
    operations.return_days(card_id=card_id, at=clock.now(), actor=ACTOR)


@shared_task
def tell_overdue_cash(sale_id: int) -> None:
    """What a customer paid in cash is not in custody in time."""
    operations.tell_overdue_cash(sale_id=sale_id, at=clock.now())


@shared_task
def charge_visit(card_id: int) -> None:
    """A visit was paid after it was given."""
    operations.charge_visit(card_id=card_id, at=clock.now(), actor=ACTOR)


@shared_task
def follow_deposit(sale_id: int) -> None:
    """Cash that was taken came to custody, or the bank has undone that."""
    operations.follow_deposit(sale_id=sale_id, at=clock.now())


@shared_task
def send_digests() -> int:
    """The letters about the last whole week that nobody has sent yet; how many. What an outage missed is sent late, never twice."""
    monday, sent, after = queries.monday_of(clock.today()), 0, 0
    while people := queries.people_to_digest(monday=monday, after=after):
        for user_id in people:
            try:
                sent += operations.send_digest(user_id=user_id, monday=monday, at=clock.now())
            except Exception:  # one person's letter must not keep everybody's
                logger.exception("digest for user %s failed", user_id)
        after = people[-1]
    return sent


@shared_task
def ask_existing_holders() -> None:
    """Cards from before their merchants joined: the holders are asked to look at them."""
    while merchants.ask_holders(at=clock.now()):
        pass


@shared_task
def tell_existing_holders(closing_id: int) -> None:
    """A merchant closes: those whose earlier cards are not backed are told so."""
    while merchants.tell_closed(closing_id=closing_id, at=clock.now()):
        pass


@shared_task
def sweep() -> dict[str, int]:
    """Everything due, by kind. Idempotent; one row's fault does not keep the others waiting."""
    today, now = clock.today(), clock.now()
    due: dict[Any, Callable[[], Iterable[int]]] = {
        pass_silence: lambda: queries.requests_unanswered(on=today),
        record_paid: queries.requests_paid,
        tell_holders: queries.closings_to_tell,
        tell_of_handover: queries.handovers_to_tell,
        tell_existing_holders: closings_to_tell_existing,
        end_service: lambda: queries.closings_over(on=today),
        charge_visit: lambda: queries.visits_to_charge(since=now - VISITS_LOOKED_BACK),
        follow_deposit: queries.deposits_to_follow,
        refund_closed_cards: queries.closings_to_refund,
        return_days: lambda: queries.months_to_return(today=today),
        tell_overdue_cash: lambda: queries.cash_overdue(today=today),
        lapse_transfer: lambda: queries.transfers_over(at=now),
        print_contract: queries.contracts_to_print,
        lapse_invitation: lambda: queries.invitations_lapsed(at=now),
    }
    done = {task.name.rsplit(".", 1)[-1]: _each(task, ids) for task, ids in due.items()}
    ask_existing_holders()
    return done


@shared_task
def tell_of_expiry(card_id: int) -> None:
    """A card's last day comes."""
    operations.tell_of_expiry(card_id=card_id, at=clock.now())


@shared_task
def tell_of_month(card_id: int) -> None:
    """A paid month of a membership ends."""
    operations.tell_of_month(card_id=card_id, at=clock.now())


@shared_task
def tell_of_expiries() -> int:
    """Every holder who is to be told of a last day by now, or of a month's; how many were asked for."""
    today = clock.today()
    cards = _each(tell_of_expiry, lambda: queries.holders_to_tell(today=today))
    return cards + _each(tell_of_month, lambda: queries.months_to_tell(today=today))


def _each(task: Any, ids: Callable[[], Iterable[int]]) -> int:
    """How many of them it was done for. A question that cannot be asked keeps no other kind waiting."""
    done = 0
    try:
        found = list(ids())
    except Exception:  # one bad question must not stop the others
        logger.exception("what is due of %s cannot be told", task.name)
        return 0
    for pk in found:
        try:
            task(pk)
            done += 1
        except DomainError as error:
            logger.info("%s %s: %s", task.name, pk, error.code)
        except Exception:  # one bad row must not stop the queue behind it
            logger.exception("%s %s failed", task.name, pk)
    return done
