"""Cards sold before the merchant joined: imported from its file, confirmed or contested by their holders, corrected, ended.

No verb here moves money, and none says that any is in custody: there is none (docs/existing-cards.md)."""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import DomainError, NotFound
from escrow.models import blind_index
from escrow.money import yuan, yuan_to_fen
from escrow.states import FACE_VALUE_PLANS, Plan, check_transition
from escrow.transactions import ring, transaction
from prepaid.merchants import queries
from prepaid.merchants.errors import (
    BadCardFile,
    BadCardLine,
    ExistingCardOver,
    FigureChanged,
    NotInLeft,
    NotYourRole,
    SameFigure,
    TooManyCards,
)
from prepaid.merchants.models import Closing, ExistingCard, Merchant, StaffMember
from prepaid.merchants.operations.people import checked_text
from prepaid.merchants.operations.uploads import check_columns, read_csv
from prepaid.merchants.states import EXISTING_TRANSITIONS, ExistingKind, ExistingState
from prepaid.notices import operations as notices
from prepaid.notices import phones
from prepaid.notices.errors import SmsUnavailable
from prepaid.people.models import User

MOST_ROWS = 2_000
#: Each new card is an SMS to somebody: so many a day from one merchant.
MOST_A_DAY = 10_000
#: No card here was sold for more.
MOST_PAID_FEN, MOST_UNITS = 100_000_000, 100_000
#: Holders told in one go; the sweep goes on where it stopped.
AT_ONCE = 200
#: An SMS that asks to look at a card is of use for so long.
USEFUL_FOR = timedelta(days=3)
#: Who has not answered yet is told of another figure only after so long: nobody is sent an SMS at every stroke of a key.
TOLD_AGAIN_AFTER = timedelta(days=7)
#: The columns, each with the name that a Chinese spreadsheet gives it. The first row of the file may have either.
COLUMNS = {
    "phone": "手机号",
    "kind": "卡种",
    "product": "卡名",
    "sold_on": "售卡日期",
    "paid": "实收金额",
    "gift": "赠送金额",
    "total": "总数",
    "left": "剩余",
    "expires_on": "到期日",
}
#: Columns that may be left out.
OPTIONAL = {"name": "姓名", "number": "卡号"}
#: What a file may call a kind, beside the code.
KINDS = {
    "次卡": Plan.SESSIONS,
    "储值卡": Plan.STORED_VALUE,
    "折扣卡": Plan.DISCOUNT,
    "期限卡": Plan.PERIOD,
    "课程": Plan.COURSE,
}
Effect = Literal["new", "known", "bad"]
#: Title, words and the sum that they name.
Said = tuple[Any, Any, int]
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


@dataclass(frozen=True, kw_only=True)
class CardRow:
    """What one line of a file would do: a new card, nothing, or why it cannot be read. ``card`` is unsaved. ``differs``: it is
    known, with another figure, which the file does not change."""

    line: int
    effect: Effect
    text: str
    card: ExistingCard | None = None
    worth_fen: int = 0
    problem: str = ""
    differs: bool = False


def read_cards(content: bytes, *, merchant: Merchant, on: date) -> list[CardRow]:
    """What each line of a CSV file would do. Changes nothing.

    Raises:
        BadCardFile: not a CSV file with these columns, or too long.
    """
    lines = [_renamed(line) for line in read_csv(content, most_rows=MOST_ROWS, refusal=BadCardFile)]
    check_columns(set(lines[0]), tuple(COLUMNS), BadCardFile)
    since = queries.sells_here_since(merchant)
    rows: list[CardRow] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        if not any(line.values()):  # as spreadsheets leave them at the end
            continue
        text = ", ".join(filter(None, (line.get(column, "") for column in ("product", "sold_on", "paid", "left"))))[
            :120
        ]
        try:
            card = _card(line, merchant, on, since)
            if card.key in seen:
                raise BadCardLine("twice")
        except DomainError as error:
            rows.append(CardRow(line=number, effect="bad", text=text, problem=str(error)))
            continue
        seen.add(card.key)
        rows.append(CardRow(line=number, effect="new", text=text, card=card, worth_fen=card.worth_on(on)))
    if not rows:
        raise BadCardFile(problem=_("it has no rows"))
    known = {card.key: card for card in ExistingCard.objects.filter(merchant=merchant, key__in=seen)}
    return [_known(row, known[row.card.key], on) if row.card and row.card.key in known else row for row in rows]


def _known(row: CardRow, card: ExistingCard, on: date) -> CardRow:
    assert row.card is not None  # it was found by its key
    differs = row.card.units_left not in {card.left_on(on), card.asked_on(on)}
    return CardRow(line=row.line, effect="known", text=row.text, card=row.card, differs=differs)


def import_cards(*, by: StaffMember, content: bytes, at: datetime, actor: str) -> list[CardRow]:
    """Carry out what ``read_cards`` says of the file: every new line is a card without backing, and its holder is asked. All or
    none: a file with a bad line is refused as a whole; a second time it changes nothing.

    Raises:
        NotYourRole: a cashier. BadCardFile. TooManyCards: within a day.
    """
    if not by.manages:
        raise NotYourRole()
    with transaction():
        merchant = Merchant.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.merchant_id)
        rows = read_cards(content, merchant=merchant, on=beijing_date(at))
        bad = [row for row in rows if row.effect == "bad"]
        if bad:
            problem = _("line %(line)s: %(problem)s") % {"line": bad[0].line, "problem": bad[0].problem}
            raise BadCardFile(problem=problem)
        new = [row.card for row in rows if row.effect == "new" and row.card is not None]
        lately = ExistingCard.objects.filter(merchant=merchant, imported_at__gt=at - timedelta(days=1))
        if new and lately.count() + len(new) > MOST_A_DAY:
            raise TooManyCards(most=f"{MOST_A_DAY:,}")
        for card in new:
            card.imported_at, card.imported_by = at, by
        ExistingCard.objects.bulk_create(new, batch_size=500)
        if new:
            audit.record(
                actor=actor,
                action="merchants.import_cards",
                target=f"merchant:{merchant.pk}",
                at=at,
                after={
                    "file_sha256": hashlib.sha256(content).hexdigest(),
                    "cards": len(new),
                    "not_backed_fen": sum(row.worth_fen for row in rows if row.effect == "new"),
                },
            )
            ring("prepaid.cards.tasks.ask_existing_holders")
    return rows


def correct_card(
    *, by: StaffMember, card_id: int, units_left: int, because: str, at: datetime, actor: str
) -> ExistingCard:
    """The merchant says what is left since: used on its own books, paid back, or wrong in the file. More counts at once; less
    counts when the holder has confirmed it, and with nothing left the card is over. What the holder has claimed stands until
    they answer.

    Raises:
        NotYourRole; NotFound: another merchant's. ExistingCardOver, NotInLeft, SameFigure, MissingText.
    """
    if not by.manages:
        raise NotYourRole()
    because = checked_text(because, "because", 200)
    today = beijing_date(at)
    with transaction():
        card = _locked(ExistingCard.objects.filter(merchant_id=by.merchant_id), card_id)
        before = card.left_on(today)
        _check_left(card, units_left)
        if units_left == card.asked_on(today) and not card.is_contested:
            raise SameFigure()
        card.proposed_left, card.proposed_because = units_left, because
        if units_left >= before:
            card.units_left, card.as_of, card.proposed_left = units_left, today, None
        if card.state != ExistingState.ASKED or (card.told_at and at - card.told_at >= TOLD_AGAIN_AFTER):
            card.told_at = None
        _move(card, ExistingState.ASKED, "merchants.correct_existing_card", at=at, actor=actor, left=units_left)
        ring("prepaid.cards.tasks.ask_existing_holders")
    return card


def confirm_card(*, user: User, card_id: int, units_left: int, at: datetime, actor: str) -> ExistingCard:
    """The holder says that the figure they saw is right. With nothing left the card is over. Again it changes nothing.

    Raises:
        NotFound: not theirs. ExistingCardOver; FigureChanged: the merchant has said another since. WrongState.
    """
    today = beijing_date(at)
    with transaction():
        card = _locked(ExistingCard.objects.held_by(user), card_id)
        left = card.asked_on(today)
        if units_left != left:
            raise FigureChanged()
        if card.state == ExistingState.CONFIRMED:
            return card
        card.units_left, card.as_of, card.proposed_left, card.proposed_because = left, today, None, ""
        card.claimed_left, card.claimed_because = None, ""
        _answered(card, user, at)
        over = left == 0
        card.ended_at = at if over else None
        new = ExistingState.ENDED if over else ExistingState.CONFIRMED
        _move(card, new, "merchants.confirm_existing_card", at=at, actor=actor, left=left)
    return card


def contest_card(*, user: User, card_id: int, units_left: int, because: str, at: datetime, actor: str) -> ExistingCard:
    """The holder says another figure, and why; 0 also says that the card is not theirs. The merchant's figure goes on counting
    until both say the same. They may do so after they have confirmed, and put right what they said.

    Raises:
        NotFound: not theirs. ExistingCardOver, NotInLeft, SameFigure, MissingText, WrongState.
    """
    because = checked_text(because, "because", 500)
    today = beijing_date(at)
    with transaction():
        card = _locked(ExistingCard.objects.held_by(user), card_id)
        _check_left(card, units_left)
        if units_left == card.asked_on(today):
            raise SameFigure()
        card.claimed_left, card.claimed_because = units_left, because
        _answered(card, user, at)
        _move(card, ExistingState.CONTESTED, "merchants.contest_existing_card", at=at, actor=actor, left=units_left)
    return card


def forget_holder(*, user: User) -> None:
    """Their account closes. A card that is over loses number, name and words; on any other the merchant still owes them, so it
    stays as its merchant imported it, for whoever proves to have the number."""
    with transaction():
        theirs = ExistingCard.objects.filter(holder=user)
        theirs.filter(state=ExistingState.ENDED).update(
            phone="", phone_index="", name="", number="", proposed_because="", claimed_because=""
        )
        theirs.update(holder=None)


def ask_holders(*, at: datetime) -> int:
    """Ask the next ``AT_ONCE`` cards' holders to look at what their merchants say; nobody twice, nobody left out. An SMS to the
    number in the file, and a message in the app where that number is proved to be somebody's here; to who has answered once,
    wherever they are now. Returns how many cards were told of."""
    with transaction():
        rows = ExistingCard.objects.filter(told_at=None).select_related("merchant", "holder").order_by("pk")
        cards = list(rows.select_for_update(no_key=True, of=("self",), skip_locked=True)[:AT_ONCE])
        _tell(cards, _ask, at=at)
        ExistingCard.objects.filter(pk__in=[card.pk for card in cards]).update(told_at=at)
    return len(cards)


def tell_closed(*, closing_id: int, at: datetime) -> int:
    """Tell the next ``AT_ONCE`` cards' holders that their merchant closes or was found closed, and that custody pays nothing for
    these cards. Returns how many cards were told of; 0 when it concerns none."""
    with transaction():
        closing = Closing.objects.announced().filter(pk=closing_id, store=None).first()
        if closing is None:
            return 0
        rows = ExistingCard.objects.untold_of(closing.pk).filter(merchant_id=closing.merchant_id)
        rows = rows.select_related("merchant", "holder").order_by("pk")
        cards = list(rows.select_for_update(no_key=True, of=("self",))[:AT_ONCE])
        today = beijing_date(at)
        _tell([card for card in cards if card.worth_on(today)], _closed, at=at)
        ExistingCard.objects.filter(pk__in=[card.pk for card in cards]).update(told_closing=closing)
    return len(cards)


def _tell(cards: Collection[ExistingCard], say: Callable[..., Said], *, at: datetime) -> None:
    """One message to each person and merchant, in their language."""
    unanswered = {card.phone_index for card in cards if card.holder is None}
    proved = User.objects.filter(phone_index__in=unanswered, phone_verified_at__isnull=False)
    users = {user.phone_index: user for user in proved}
    together: dict[tuple[int, str], list[ExistingCard]] = {}
    for card in cards:
        index = card.phone_index if card.holder is None else card.holder.phone_index
        together.setdefault((card.merchant_id, index), []).append(card)
    for (_merchant, index), theirs in together.items():
        user = theirs[0].holder or users.get(index)
        phone = theirs[0].phone if user is None else user.phone
        title, body, sum_fen = say(theirs, beijing_date(at))
        details = {"merchant": theirs[0].merchant.name, "count": len(theirs), "sum": yuan(sum_fen)}
        if user is not None:
            kind = "merchants.existing_card"
            notices.send(to=user, kind=kind, title=title, body=body, details=details, url=reverse("wallet"), at=at)
        with override(user.language if user else settings.LANGUAGE_CODE):
            text = f"{body % details} {settings.PUBLIC_URL}{reverse('wallet')}"
        try:
            notices.send_sms(
                phone=phone, text=text, at=at, kind="merchants.existing_card", to=user, useful_for=USEFUL_FOR
            )
        except SmsUnavailable:  # no gateway is set up: the app says it to whoever signs in with the number
            continue


def _ask(cards: Sequence[ExistingCard], today: date) -> Said:
    """What the merchant says, also where it does not count before the holder's yes."""
    return (
        gettext_lazy("Look at your earlier card at %(merchant)s"),
        gettext_lazy(
            "%(merchant)s says that you hold %(count)s card(s) from before it joined, with ¥%(sum)s left. They are not backed: "
            "their money is not in custody. Sign in with this number and confirm the figures, or say what is wrong:"
        ),
        sum(card.worth_of(card.asked_on(today)) for card in cards),
    )


def _closed(cards: Sequence[ExistingCard], today: date) -> Said:
    return (
        gettext_lazy("%(merchant)s closes: your earlier card is not backed"),
        gettext_lazy(
            "%(merchant)s closes or was found closed. Your %(count)s card(s) from before it joined, with ¥%(sum)s left, are not "
            "backed: custody pays nothing for them. The regulator sees what you are owed. Confirm the figures, or say what is "
            "wrong:"
        ),
        sum(card.worth_on(today) for card in cards),
    )


def _answered(card: ExistingCard, user: User, at: datetime) -> None:
    """They have seen it: nobody tells them of it any more."""
    card.holder, card.answered_at, card.told_at = user, at, card.told_at or at


def _locked(rows: Any, card_id: int) -> ExistingCard:
    found = rows.select_for_update(no_key=True, of=("self",)).select_related("merchant").filter(pk=card_id).first()
    if found is None:
        raise NotFound()
    card: ExistingCard = found
    if card.is_over:
        raise ExistingCardOver()
    return card


def _check_left(card: ExistingCard, units: int) -> None:
    if isinstance(units, bool) or not isinstance(units, int) or not 0 <= units <= card.units_total:
        raise NotInLeft(most=card.total)


def _move(card: ExistingCard, new: ExistingState, action: str, *, at: datetime, actor: str, left: int) -> None:
    """The one place where a card's state changes; the caller holds the lock. Raises ``WrongState``."""
    check_transition(EXISTING_TRANSITIONS, ExistingState(card.state), new)
    before, card.state = card.state, new
    card.save()
    audit.record(
        actor=actor,
        action=action,
        target=f"existingcard:{card.pk}",
        before={"state": before},
        after={"state": new.value, "left": left, "counts": card.units_left},
        at=at,
    )


def _renamed(line: dict[str, str | None]) -> dict[str, str]:
    """By the columns' codes, whichever names the file has."""
    names = {chinese: code for code, chinese in (COLUMNS | OPTIONAL).items()}
    return {
        names.get((column or "").strip(), (column or "").strip()): (value or "").strip()
        for column, value in line.items()
        if isinstance(value, str | None)
    }


def _card(line: dict[str, str], merchant: Merchant, on: date, since: date | None) -> ExistingCard:
    """The line as a card, unsaved. Raises ``BadCardLine``, ``InvalidPhone``."""
    phone = phones.e164(line["phone"])
    kind = KINDS.get(line["kind"]) or (Plan(line["kind"]) if line["kind"] in ExistingKind.values else None)
    if kind is None:
        raise BadCardLine("kind")
    for column, most in (("product", 80), ("name", 60), ("number", 40)):
        text = line.get(column, "")
        if len(text) > most or not text.isprintable() or (column == "product" and not text):
            raise BadCardLine(column)
    sold_on = _day(line["sold_on"], "sold_on")
    if not date(2000, 1, 1) <= sold_on <= on:
        raise BadCardLine("sold_on")
    if since is not None and sold_on > since:
        raise BadCardLine("sold_since", day=since.isoformat())
    paid_fen = _fen(line["paid"], "paid")
    gift_fen = _fen(line["gift"], "gift") if line["gift"].strip("0.") else 0
    if gift_fen and kind != Plan.STORED_VALUE:
        raise BadCardLine("gift")
    expires_on = _day(line["expires_on"], "expires_on") if line["expires_on"] else None
    if (expires_on is not None and expires_on < sold_on) or (expires_on is None and kind == Plan.PERIOD):
        raise BadCardLine("expires_on")
    if kind in FACE_VALUE_PLANS:
        total, left = paid_fen + gift_fen, _fen(line["left"], "left")
    elif kind == Plan.PERIOD:
        assert expires_on is not None  # asked for above
        total = _count(line["total"], "total") if line["total"] else max(1, (expires_on - sold_on).days)
        left = _count(line["left"], "left") if line["left"] else min(total, (expires_on - on).days)
    else:
        total, left = _count(line["total"], "total"), _count(line["left"], "left")
    if not 1 <= left <= total:
        raise BadCardLine("left")
    facts = (phone, kind, line["product"], sold_on.isoformat(), paid_fen, gift_fen, total, line.get("number", ""))
    return ExistingCard(
        merchant=merchant,
        key=blind_index("\x1f".join(str(fact) for fact in facts)),
        number=line.get("number", ""),
        phone=phone,
        phone_index=blind_index(phone),
        name=line.get("name", ""),
        kind=kind,
        product=line["product"],
        sold_on=sold_on,
        paid_fen=paid_fen,
        gift_fen=gift_fen,
        units_total=total,
        units_left=left,
        as_of=on,
        expires_on=expires_on,
    )


def _day(text: str, column: str) -> date:
    """``2025-03-01``, or as spreadsheets here write it: ``2025/3/1``, ``2025年3月1日``."""
    found = _DAY.fullmatch(text)
    if found is None:
        raise BadCardLine(column)
    year, month, day = (int(part) for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise BadCardLine(column) from error


def _fen(text: str, column: str) -> int:
    try:
        fen = yuan_to_fen(text)
    except DomainError as error:
        raise BadCardLine(column) from error
    if fen > MOST_PAID_FEN:
        raise BadCardLine(column)
    return fen


def _count(text: str, column: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_UNITS or len(text) > 9:
        raise BadCardLine(column)
    return int(text)
