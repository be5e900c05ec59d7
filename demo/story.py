"""The main job, played through HTTP against the running system: register → file → approve → buy → pay → use → refund →
complain → decide → paid back → payout.

Every step first looks whether it is done already, then does it, and looks again: so the story goes on when a process
dies in the middle of a step, as a person would who reloads the page.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.db import connection

from complaints.cases.models import Case, Mediation
from complaints.cases.states import CaseState
from demo import city
from demo.visitor import PageError, Visitor
from escrow import clock, money, queries
from escrow.models import Instruction, Payout, StatementLine
from escrow.states import AgreementState, InstructionState, UseState
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.cards.states import RefundState
from prepaid.merchants.models import Merchant, Store
from prepaid.people.models import User
from prepaid.products.models import Filing, ProductVersion
from prepaid.products.states import FilingState, VersionState

PRICE, SESSIONS, LIST_PRICE = "2000.00", "10", "300.00"
REFUND = "1300.00"  # mediated: between 1,100 (the consumer's own reasons) and 1,400 (the merchant's fault)


class StoryFailed(Exception):
    """A step did not come to its end in time; says which, and the last thing that went wrong."""


@dataclass
class Told:
    """What one step changed: its title, how long it took, and the ledger's balances after it."""

    title: str
    seconds: float
    balances: str


class Story:
    """One merchant, one consumer and the regulators in charge, each with a browser of their own."""

    def __init__(self, url: str, *, patience: float = 60, language: str = "zh-hans") -> None:
        self.url = url
        self.patience = patience
        digits = f"{secrets.randbelow(10**8):08d}"
        self.consumer_phone, self.owner_phone = f"+86139{digits}", f"+86137{digits}"
        self.gym = f"故事健身{digits[-6:]}"
        stem = "91110105" + "".join(secrets.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(9))
        self.uscc = city.company_code(stem)
        # Not …0000: the sandbox bank returns what goes there.
        self.account_no = city.card_number(f"6222{secrets.randbelow(10**12):012d}11")
        self.consumer, self.owner = (Visitor(url, language=language) for _ in range(2))
        self.officer = Visitor(url, language=language)
        self.inside: set[Visitor] = set()
        self.tried = 0

    def play(self) -> Iterator[Told]:
        """The steps in order, each told when it is done.

        Raises:
            StoryFailed
        """
        steps: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
            ("register: the merchant's owner signs up", self.owner_known, self.sign_up_owner),
            ("register: the company, its code and bank account", self.merchant, self.register_merchant),
            ("register: a store, its address resolved", self.store, self.add_store),
            ("file: a card product drafted", self.version, self.draft_product),
            ("file: checked and filed with the district's regulator", self.filing, self.submit_filing),
            ("approve: the regulator approves the filing", self.on_sale, self.approve_filing),
            ("buy: the consumer signs up", self.consumer_known, self.sign_up_consumer),
            ("buy: contract read, accepted, paid at the bank", self.card_active, self.buy_and_pay),
            ("use: one session at the counter, final at once", lambda: self.used(1), lambda: self.charge(1)),
            ("use: two sessions wait for the holder", lambda: self.waiting() or self.used(3), lambda: self.charge(2)),
            ("use: the holder confirms the named figure", lambda: self.used(3), self.confirm),
            ("refund: eight days later the cooling-off period is over", self.cooled_off, self.pass_days),
            ("refund: the consumer asks", self.request, self.ask_refund),
            ("refund: the merchant refuses", self.refused, self.refuse),
            ("complain: the consumer turns to the regulator", self.case, self.complain),
            ("complain: routed to the district's regulator by Celery", self.routed, self.wait),
            ("decide: the regulator takes the case in charge", self.led, self.accept),
            ("decide: a mediation is held, both sides confirm its record", self.agreed, self.mediate),
            ("decide: mediation agreement recorded", self.decided, self.decide),
            ("paid back: the bank has paid, the case is closed", self.paid_back, self.wait),
            ("payout: the next working day the merchant is paid", self.paid_out, self.next_day),
            ("payout: the custody statement shows every movement", self.settled, self.wait),
        ]
        for title, done, act in steps:
            started = time.monotonic()
            self._until(title, done, act)
            yield Told(title, time.monotonic() - started, self.balances())
        for visitor in (self.consumer, self.owner, self.officer):
            visitor.close()

    def _until(self, title: str, done: Callable[[], object], act: Callable[[], object]) -> None:
        deadline = time.monotonic() + self.patience
        self.tried = 0
        trouble: Exception | None = None
        while not self._look(done):
            if time.monotonic() > deadline:
                seen = "; ".join(visitor.at for visitor in (self.consumer, self.owner, self.officer) if visitor.at)
                raise StoryFailed(
                    f"{title}: not done after {self.patience:.0f} s and {self.tried} tries; last trouble: {trouble}; on {seen}"
                )
            try:
                self.tried += 1
                act()
            except httpx.HTTPError as error:
                trouble = error
                time.sleep(0.5)
            except PageError as error:
                # After an interruption a refusal may only mean that the first attempt went through: look again.
                if error.status < 500 and trouble is None:
                    raise StoryFailed(f"{title}: {error}") from error
                trouble = error
                time.sleep(0.5)

    @staticmethod
    def _look(done: Callable[[], object]) -> bool:
        try:
            return bool(done())
        finally:
            connection.close()  # the database may be restarting too; and a story waits longer than it asks

    def wait(self) -> None:
        """Something else is at work: a task, the bank."""
        time.sleep(0.3)

    # People

    def owner_known(self) -> bool:
        """The owner has an account and is signed in."""
        return self.owner in self.inside

    def consumer_known(self) -> bool:
        """The consumer has an account and is signed in."""
        return self.consumer in self.inside

    def sign_up_owner(self) -> None:
        """By phone and code."""
        self._sign_up(self.owner, self.owner_phone, "故事店主")

    def sign_up_consumer(self) -> None:
        """By phone and code."""
        self._sign_up(self.consumer, self.consumer_phone, "故事顾客")

    def _sign_up(self, visitor: Visitor, phone: str, name: str) -> None:
        if User.objects.by_phone(phone) is None:
            visitor.get("/accounts/signup/").submit(having="phone", phone=phone, name=name)
            visitor.enter_code(phone)
        elif not self._is_inside(visitor):
            visitor.sign_in(phone)
        # The number may be verified and the answer lost, and with it the session.
        if self._is_inside(visitor):
            self.inside.add(visitor)

    @staticmethod
    def _is_inside(visitor: Visitor) -> bool:
        """Neither sent to sign in, nor to the code that an interrupted registration waits for."""
        return urlsplit(visitor.get("/accounts/me/").at).path == "/accounts/me/"

    # Merchant

    def merchant(self) -> Merchant | None:
        """The story's company."""
        return Merchant.objects.filter(uscc=self.uscc).select_related("beneficiary").first()

    def store(self) -> Store | None:
        """Its store."""
        return Store.objects.filter(merchant__uscc=self.uscc).first()

    def version(self) -> ProductVersion | None:
        """Its product."""
        return ProductVersion.objects.filter(product__merchant__uscc=self.uscc).first()

    def filing(self) -> Filing | None:
        """The filing of it."""
        return Filing.objects.filter(version__product__merchant__uscc=self.uscc).first()

    def on_sale(self) -> bool:
        """Approved and for sale."""
        version = self.version()
        return version is not None and version.state == VersionState.ON_SALE

    def register_merchant(self) -> None:
        """Company, sector, district, payout account."""
        self.owner.get("/shop/register/").submit(
            having="uscc",
            name=self.gym,
            uscc=self.uscc,
            legal_representative="故事店主",
            sector="fitness",
            district="110105",
            account_no=self.account_no,
            account_name=self.gym,
        )

    def add_store(self) -> None:
        """The address is resolved and shown for correction before it is saved."""
        page = self.owner.get("/shop/stores/new/")
        lease = clock.today() + timedelta(days=1500)
        page.submit(
            having="address",
            name="故事店",
            address="北京市朝阳区建外街道光华路8号",
            lease_ends_on=lease.isoformat(),
        )
        if not self.store():
            page.submit(having="subdistrict")

    def draft_product(self) -> None:
        """Ten sessions for 2,000 yuan."""
        store = self.store()
        self.owner.get("/shop/products/new/sessions/").submit(
            having="price_fen",
            name="私教十次卡",
            price_fen=PRICE,
            sessions=SESSIONS,
            list_price_fen=LIST_PRICE,
            days="365",
            stores=[str(store.pk) if store else ""],
            service="一对一私人教练课十次，每次60分钟，由持证教练授课。",
        )

    def submit_filing(self) -> None:
        """After reading the compliance report."""
        version = self.version()
        self.owner.get(f"/shop/products/versions/{version.pk if version else 0}/").submit(to="/submit/")

    def approve_filing(self) -> None:
        """In the administration, by the lead regulator of the head office's district."""
        filing = self.filing()
        if filing is None or filing.state != FilingState.SUBMITTED:
            return
        self._officer_at(f"/admin/products/filing/{filing.pk}/change/").submit(to="approve")

    def _officer_at(self, path: str) -> Visitor:
        page = self.officer.get(path)
        if "/accounts/" in page.at:  # signed out, or half signed in when the web server was killed
            page.sign_in(city.SPORTS.phone).get(path)
        return page

    # Purchase and use

    def card(self) -> Card | None:
        """The consumer's card."""
        return Card.objects.filter(issuer__uscc=self.uscc).select_related("agreement").order_by("-id").first()

    def card_active(self) -> bool:
        """Its agreement is funded."""
        card = self.card()
        return card is not None and card.agreement.state == AgreementState.HELD

    def used(self, sessions: int) -> bool:
        """That many sessions are charged for good."""
        card = self.card()
        return card is not None and queries.holding(card.agreement_id).units_used >= sessions

    def waiting(self) -> Redemption | None:
        """The charge that waits for the holder."""
        return Redemption.objects.filter(card=self.card(), use__state=UseState.RESERVED).first()

    def buy_and_pay(self) -> None:
        """From the search to the bank's cashier and back."""
        card = self.card()
        if card is not None and self.tried > 1:
            if queries.payment_of(card.agreement_id) is None or "/cashier" not in self.consumer.at:
                self.consumer.get(f"/wallet/{card.number}/")
                if not any("/pay/" in form.action for form in self.consumer.forms):
                    return self.wait()  # paid; the bank's word is on its way
                self.consumer.submit(to="/pay/")
        else:
            self.consumer.get(f"/?q={self.gym}").follow(r"/merchants/\d+/").follow(r"/products/\d+/")
            self.consumer.follow(r"/buy/\d+/")
            ticks = next((form.names for form in self.consumer.forms if "accepted" in form.names), None)
            if ticks is None:
                return self.wait()  # an order that was interrupted has come to be meanwhile: look again
            risks = {name: "on" for name in ticks if name.startswith("risk_")}
            self.consumer.submit(having="accepted", accepted="on", **risks)
        if "/cashier" in self.consumer.at and any(form.method == "post" for form in self.consumer.forms):
            self.consumer.submit(to="/cashier")
        return self.wait()

    def charge(self, sessions: int) -> None:
        """At the counter: the code on the consumer's phone, typed into the API's counter."""
        card = self.card()
        if card is None:
            raise PageError("there is no card")
        shown = self.consumer.get(f"/wallet/{card.number}/code/").text
        code = re.search(r"\d{4} ?\d{4} ?\d{3} ?\d{3}", shown)
        if code is None:
            raise PageError(f"no code on the code page: {shown[:300]}")
        self.owner.get("/shop/counter/")
        answer = self.owner.api(
            "POST", "/api/v1/counter/charges/", key=secrets.token_hex(16), code=code[0], units=sessions
        )
        if answer.status_code == 409 and "used" in answer.text.lower():
            time.sleep(5)  # a code is good for one charge: wait for the next one
        elif answer.status_code >= 400:
            raise PageError(f"{answer.status_code} {answer.text[:300]}", status=answer.status_code)

    def confirm(self) -> None:
        """One tap on the named figure."""
        charge = self.waiting()
        if charge is None:
            raise PageError("nothing waits for confirmation")
        self.consumer.get("/wallet/").submit(to=f"/charges/{charge.pk}/confirm/")

    # Refund and complaint

    def cooled_off(self) -> bool:
        """A refund is no longer granted at once; the merchant has a say."""
        card = self.card()
        return card is not None and clock.today() > clock.beijing_date(card.bought_at) + timedelta(days=7)

    def pass_days(self) -> None:
        """Move the demo's clock on."""
        clock.advance(timedelta(days=8))

    def request(self) -> RefundRequest | None:
        """The refund request."""
        return RefundRequest.objects.filter(card=self.card()).first()

    def ask_refund(self) -> None:
        """The sum is shown with its steps before it is asked for."""
        card = self.card()
        if card is None:
            raise PageError("there is no card")
        self.consumer.get(f"/wallet/{card.number}/refund/").submit(
            having="cause", cause="operator", reason="教练离职，课程一再取消。"
        )
        self.consumer.submit(having="expected_fen")

    def refused(self) -> bool:
        """The merchant has said no."""
        request = self.request()
        return request is not None and request.state == RefundState.REFUSED

    def refuse(self) -> None:
        """With a reason, in two steps."""
        request = self.request()
        self.owner.get(f"/shop/refunds/{request.pk if request else 0}/").submit(
            having="refuse-text", button="refuse=1", **{"refuse-text": "课程正常，不同意退费。"}
        )
        self.owner.submit(having="refuse-confirmed")

    def case(self) -> Case | None:
        """The complaint."""
        return Case.objects.filter(refund_request=self.request()).first() if self.request() else None

    def complain(self) -> None:
        """What happened, what is wanted."""
        request = self.request()
        self.consumer.get(f"/complaints/start/{request.pk if request else 0}/").submit(
            having="text", text="教练离职后课程一再取消，商户不同意退费。", wanted="refund"
        )

    def routed(self) -> bool:
        """A Celery task has found its regulator and set the deadline."""
        case = self.case()
        return case is not None and case.state != CaseState.RECEIVED

    def led(self) -> bool:
        """An officer leads it."""
        case = self.case()
        return case is not None and case.lead_officer_id is not None

    def accept(self) -> None:
        """First receiver, in charge to the end."""
        self._officer_at(self._case_page()).submit(to="/accept/")

    def agreed(self) -> bool:
        """Both sides have confirmed the same record."""
        return Mediation.objects.in_force().filter(case=self.case()).exists()

    def mediate(self) -> None:
        """The officer writes the record, each side reads and confirms it on its own page."""
        case = self.case()
        if case is None:
            raise PageError("there is no complaint")
        if not case.mediations.exists():
            self._officer_at(self._case_page("papers/")).submit(
                having="consumer_said",
                place="体育局调解室",
                merchant_by="故事店主（法定代表人）",
                merchant_said="同意退还1300元，其余结清。",
                agreed="yes",
                custody=REFUND,
            )
        for visitor, page in ((self.consumer, "complaints"), (self.owner, "shop/cases")):
            if any("sha256" in form.names for form in visitor.get(f"/{page}/{case.number}/papers/").forms):
                visitor.submit(having="sha256")

    def decided(self) -> bool:
        """An outcome with its basis."""
        case = self.case()
        return case is not None and case.state in (CaseState.EXECUTING, CaseState.CLOSED)

    def decide(self) -> None:
        """Upheld by mediation agreement; a confirmation names sum and person."""
        self._officer_at(self._case_page("decide/")).submit(
            having="result",
            result="upheld",
            amount=REFUND,
            basis="mediation",
            reasons="双方在调解下达成协议：退还1300元，其余结清。",
        )
        self.officer.submit(having="result", button="confirmed=1")

    def _case_page(self, action: str = "") -> str:
        case = self.case()
        number = case.pk if case else 0
        return f"/admin/cases/case/{number}/{action or 'change/'}"

    def paid_back(self) -> bool:
        """The bank says paid, and so the case is closed."""
        case = self.case()
        return case is not None and case.state == CaseState.CLOSED

    # Money out

    def next_day(self) -> None:
        """Move the demo's clock on, once, to the next working day; the daily run does the rest."""
        if self.tried == 1:
            today = clock.today()
            clock.advance(timedelta(days=(queries.add_working_days(today, 1) - today).days))
        self.wait()

    def paid_out(self) -> bool:
        """Everything the merchant has earned is with the bank and done."""
        backing = queries.backing(self.beneficiary_id())
        payouts = Payout.objects.filter(beneficiary=self.beneficiary_id()).select_related("instruction")
        states = [payout.instruction.state for payout in payouts]
        return not backing.payable_fen and bool(states) and set(states) == {InstructionState.SUCCEEDED}

    def settled(self) -> bool:
        """Nothing is on its way any more, and every line of the bank has its transfer."""
        backing = queries.backing(self.beneficiary_id())
        unmatched = StatementLine.objects.filter(beneficiary=self.beneficiary_id(), matched_at=None)
        done = Instruction.objects.filter(beneficiary=self.beneficiary_id()).exclude(
            state__in=(InstructionState.SUCCEEDED, InstructionState.FAILED)
        )
        on_its_way = backing.clearing_fen + backing.payout_fen + backing.refund_fen + backing.suspense_fen
        return not on_its_way and not unmatched.exists() and not done.exists()

    def beneficiary_id(self) -> int:
        """The story merchant's escrow account; 0 before there is one."""
        merchant = self.merchant()
        return merchant.beneficiary_id if merchant else 0

    def balances(self) -> str:
        """Where the merchant's money stands, in yuan; only what is not zero."""
        backing = queries.backing(self.beneficiary_id())
        parts = {
            "clearing": backing.clearing_fen,
            "custody": backing.custody_fen,
            "held": backing.held_fen,
            "payable": backing.payable_fen,
            "payout": backing.payout_fen,
            "refund": backing.refund_fen,
            "suspense": backing.suspense_fen,
        }
        connection.close()
        return "  ".join(f"{name} {money.yuan(fen)}" for name, fen in parts.items() if fen) or "–"
