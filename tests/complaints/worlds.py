"""What complaints can be about, each with everybody who may want something of it; made once, every life in it is rolled back."""

from abc import ABC, abstractmethod
from datetime import timedelta

from complaints.cases import operations
from complaints.cases.models import Case
from complaints.cases.operations import Told
from complaints.cases.states import EventKind
from escrow.models import Refund
from prepaid.people import operations as people
from prepaid.people.models import User
from tests.complaints import factories as make
from tests.complaints.factories import AT, FENGTAI
from tests.prepaid.cards import factories as cards

#: What a life of any kind can come to.
OF_ALL = frozenset(EventKind) - {
    EventKind.EVIDENCE,  # told in test_evidence.py
    EventKind.ISSUED,  # in test_documents.py
    # Each of one kind:
    EventKind.UPHELD,
    EventKind.PAID,
    EventKind.REOPENED,
    EventKind.CHARGE_DECIDED,
    EventKind.CONCEDED,
    EventKind.OWED,
    EventKind.REPAID,
    EventKind.UNREPAID,
    EventKind.ENDED_UNPAID,
    EventKind.TURNED_AWAY,
    EventKind.UNDETERMINED,
}
#: Only a refund out of custody can be agreed on before the officer.
MEDIATION = {EventKind.MEDIATED, EventKind.CONFIRMED, EventKind.AGREED}


class World(ABC):
    """Two cases of one kind. ``officers``: the district's, the city's, who is called in, another district's, the coordinator's, an
    operator, and the city's of who is called in."""

    reached: frozenset[EventKind] = OF_ALL
    department = "commerce"

    def __init__(self) -> None:
        make.city()
        helper = "sports" if self.department == "commerce" else "commerce"
        self.officers = [
            make.officer(self.department),
            make.officer(self.department, None),
            make.officer(helper),
            make.officer(self.department, FENGTAI),
            make.officer("market_regulation", None),
            make.operator(),
            make.officer(helper, None),
        ]
        self.cases = self.filed()

    @abstractmethod
    def filed(self) -> list[Case]:
        """The cases, not sent yet."""

    @abstractmethod
    def decide(self, case: Case, *, upheld: bool, officer: User, at) -> None:
        """For the consumer or against."""

    @abstractmethod
    def money_comes(self, case: Case, *, way: int, officer: User, at) -> None:
        """What can become of the money after the decision."""


class Refunds(World):
    """A merchant has refused to pay back."""

    reached = OF_ALL | {EventKind.UPHELD, EventKind.PAID, EventKind.REOPENED}

    def filed(self) -> list[Case]:
        shop = make.shop()
        return [make.complaint(shop, routed=False) for _one in range(2)]

    def decide(self, case, *, upheld, officer, at):
        said = {"result": "upheld", "amount_fen": 100_000, "basis": "judgment"}
        if not upheld:
            said = {"result": "not_upheld", "amount_fen": None, "basis": ""}
        operations.decide(number=case.number, officer=officer, reasons="判决书", at=at, **said)

    def money_comes(self, case, *, way, officer, at):
        Refund.objects.filter(paid_at=None).update(paid_at=at)


class Charges(World):
    """More was charged than was used."""

    reached = OF_ALL - MEDIATION - {EventKind.MONEY_LATE, EventKind.NOT_UPHELD} | {
        EventKind.CHARGE_DECIDED,
        EventKind.CONCEDED,
    }
    department = "culture_tourism"

    def filed(self):
        shop = cards.shop(sector="arts")
        return [
            operations.open_charge_case(
                redemption_id=charge.pk, complainant=charge.card.holder, text="只上了一节课。", at=AT
            )
            for charge in [
                cards.charge(cards.card(shop, days=60, at=AT), shop.boss, units=3, at=AT) for _one in range(2)
            ]
        ]

    def decide(self, case, *, upheld, officer, at):
        operations.decide_charge(
            number=case.number, officer=officer, units=0 if upheld else case.redemption.units, reasons="签到表", at=at
        )

    def money_comes(self, case, *, way, officer, at):
        """Nothing is to come: the rest is back on the card."""


class Elsewhere(World):
    """Two persons paid a gym that never joined."""

    reached = OF_ALL - MEDIATION | {
        EventKind.OWED,
        EventKind.REPAID,
        EventKind.UNREPAID,
        EventKind.ENDED_UNPAID,
        EventKind.TURNED_AWAY,
    }
    department = "sports"
    told = Told(merchant_name="力壮健身俱乐部", address="朝阳区建国路88号", paid_fen=500_000, left_fen=320_000)

    def filed(self):
        return [
            operations.open_outside_case(complainant=make.person(), told=self.told, text="店关门了。", at=AT)
            for _one in range(2)
        ]

    def decide(self, case, *, upheld, officer, at):
        facts = {"result": "upheld", "amount_fen": 300_000, "basis": "judgment"}
        if not upheld:
            facts = {"result": "not_upheld", "amount_fen": None, "basis": ""}
        pay_by = at.date() + timedelta(days=10)
        operations.decide_outside(
            number=case.number, officer=officer, pay_by=pay_by if upheld else None, reasons="判决书", at=at, **facts
        )

    def money_comes(self, case, *, way, officer, at):
        if way == 0:
            operations.confirm_repaid(number=case.number, complainant=case.complainant, at=at)
        elif way == 1:
            operations.record_repaid(number=case.number, evidence="转账回单", officer=officer, at=at)
        elif way == 2:
            operations.end_unpaid(number=case.number, reasons="已告知诉讼途径", officer=officer, at=at)


class Nowhere(Elsewhere):
    """The same of a shop of which nobody knows where it is, or what it sells."""

    reached = Elsewhere.reached | {EventKind.UNDETERMINED}
    told = Told(merchant_name="某某店", paid_fen=500_000, left_fen=320_000)


def leaves(officer: User, *, before) -> None:
    """The officer's posts end the day before."""
    for post in officer.posts.current(on=before):
        people.end_post(post_id=post.pk, last_day=before - timedelta(days=1), at=AT, actor=make.ACTOR)
