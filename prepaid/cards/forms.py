"""Forms of the card pages. They read what was typed; the verbs decide."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from escrow.errors import WrongState
from escrow.money import MAX_FEN, yuan
from escrow.states import DEPOSIT, FACE_VALUE_PLANS, Plan
from prepaid.cards.errors import OfferTooHigh, OfferTooLow
from prepaid.cards.models import Redemption, Relation
from prepaid.cards.queries import RollRow
from prepaid.cards.states import Mark, RefundCause
from prepaid.merchants.forms import DayInput
from prepaid.merchants.models import ClosingKind, Merchant, Store
from prepaid.people.forms import PhoneField
from prepaid.products.contract import acknowledgements
from prepaid.products.forms import YuanField
from prepaid.products.models import ProductVersion
from prepaid.products.queries import Custody

CHANNEL_NAMES = {"sandbox": _("Sandbox bank (demonstration)"), DEPOSIT: _("Cash, at the shop's counter now")}


class BuyForm(forms.Form):
    """Acceptance of one contract, one tick per acknowledgement, and the way to pay."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    terms_sha256 = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    custody_percent = forms.IntegerField(required=False, widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label=_("I have read the contract and accept it."),
        error_messages={"required": _("Read the contract and tick that you accept it.")},
    )

    def __init__(
        self, *args: Any, version: ProductVersion, custody: Custody, in_cash: bool = False, **kwargs: Any
    ) -> None:
        """``in_cash``: whether it may be paid in cash too."""
        shown = {"terms_sha256": version.terms_sha256, "custody_percent": custody.percent}
        kwargs.setdefault("initial", {"token": uuid.uuid4(), **shown})
        super().__init__(*args, **kwargs)
        said = acknowledgements(version.terms, custody_percent=custody.percent)
        texts = {f"risk_{number}": text for number, text in enumerate(said)}
        self.risks = list(texts)
        for name, text in texts.items():
            self.fields[name] = forms.BooleanField(
                label=text, error_messages={"required": _("Tick that you have read this.")}
            )
        self.fields["channel"] = forms.ChoiceField(
            label=_("Pay with"),
            choices=[
                (code, CHANNEL_NAMES.get(code, code))
                for code in [*settings.PAYMENT_CHANNELS, *([DEPOSIT] if in_cash else [])]
            ],
            initial=next(iter(settings.PAYMENT_CHANNELS), None),
            widget=forms.RadioSelect,
        )


class PreparedForm(forms.Form):
    """Whom a prepared purchase is sent to."""

    phone = PhoneField(label=_("The customer's mobile phone number"))


class CounterForm(forms.Form):
    """The shown code, and sessions, an amount or, where courses are sold, a lesson; none for one session or a check-in."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Card code"),
        max_length=32,
        help_text=_("Scan the customer's code, or type its 14 digits."),
        widget=forms.TextInput(
            attrs={"class": "input-large", "inputmode": "numeric", "autocomplete": "off", "autofocus": True}
        ),
    )
    units = forms.IntegerField(
        label=_("Sessions"),
        required=False,
        help_text=_("Empty for one."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    amount = YuanField(
        label=_("Amount (yuan)"),
        required=False,
        help_text=_("For cards with money on them: the price displayed. A discount card pays it at its rate."),
    )
    lesson_class = forms.CharField(
        label=_("Class"),
        max_length=40,
        required=False,
        help_text=_("For courses: which class the lesson was of."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lesson_on = forms.DateField(
        label=_("Day of the lesson"),
        required=False,
        help_text=_("Empty for today."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    rest_at_till = forms.BooleanField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note for the customer"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, stores: list[Store], has_courses: bool, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"key": str(uuid.uuid4())})
        super().__init__(*args, **kwargs)
        if not has_courses:
            del self.fields["lesson_class"], self.fields["lesson_on"]
        if len(stores) > 1:
            self.fields["store"] = forms.TypedChoiceField(
                label=_("Store"), coerce=int, choices=[(store.pk, store.name) for store in stores]
            )


class SmsChargeForm(CounterForm):
    """The same without a code: the number of the card, to whose holder a code is sent."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=16,
        help_text=_("Scan the printed card, or type its 8 digits."),
        widget=forms.TextInput(
            attrs={"class": "input-large", "inputmode": "numeric", "autocomplete": "off", "autofocus": True}
        ),
    )
    field_order = ("number",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("key", "code", "rest_at_till"):
            del self.fields[name]


class SmsCodeForm(forms.Form):
    """The six digits of the SMS."""

    code = forms.CharField(
        label=_("Code of the SMS"),
        max_length=16,
        help_text=_("The six digits that the customer reads out."),
        widget=forms.TextInput(
            attrs={"class": "input-large", "inputmode": "numeric", "autocomplete": "off", "autofocus": True}
        ),
    )


class ChildForm(forms.Form):
    """What the holder calls the child, and what it is to them."""

    name = forms.CharField(
        label=_("Child's name"),
        max_length=20,
        help_text=_("A first name or a nickname is enough. You and the second guardian see it, the merchant does not."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    relation = forms.ChoiceField(label=_("The child is"), choices=Relation.choices)


class PersonForm(forms.Form):
    """The number of whoever is invited."""

    phone = PhoneField(widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}))


class ClassForm(forms.Form):
    """A class, and where it is taught."""

    name = forms.CharField(label=_("Class"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, stores: list[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(stores) > 1:
            self.fields["store"] = forms.TypedChoiceField(
                label=_("Store"), coerce=int, choices=[(store.pk, store.name) for store in stores]
            )


class LearnerForm(forms.Form):
    """A shown code puts the card on the roll, or makes it a guest of one day."""

    code = forms.CharField(
        label=_("Card code"),
        max_length=32,
        help_text=_("The holder shows it once: scan it, or type its 14 digits."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Learner"),
        max_length=20,
        required=False,
        help_text=_("What the class calls the learner; the holder sees it too."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_guest = forms.BooleanField(label=_("Only for this lesson (make-up)"), required=False)


class RollForm(forms.Form):
    """One mark for each learner, and the revision that the form showed; without a mark nothing is recorded."""

    def __init__(self, *args: Any, rows: Sequence[RollRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for row in rows:
            pk, mark = row.learner.pk, row.attendance.mark if row.attendance else None
            self.fields[f"mark_{pk}"] = forms.ChoiceField(
                label=str(row.learner), choices=Mark.choices, required=False, initial=mark, widget=forms.RadioSelect
            )
            self.fields[f"seen_{pk}"] = forms.IntegerField(
                min_value=0, max_value=32_000, required=False, initial=row.seen, widget=forms.HiddenInput
            )

    def clean(self) -> dict[str, Any]:
        """A mark says what it has seen. Whoever came onto the roll since the form was shown has no mark in it."""
        typed = super().clean() or {}
        for row in self.rows:
            mark, seen = f"mark_{row.learner.pk}", f"seen_{row.learner.pk}"
            if typed.get(mark) and typed.get(seen) is None:
                self.add_error(mark, str(WrongState()))
        return typed

    @property
    def marked(self) -> list[dict[str, Any]]:
        """What was marked, as the verb takes it."""
        typed = self.cleaned_data
        return [
            {"learner_id": row.learner.pk, "mark": Mark(mark), "seen": typed[f"seen_{row.learner.pk}"]}
            for row in self.rows
            if (mark := typed[f"mark_{row.learner.pk}"])
        ]


class PartForm(forms.Form):
    """Less than what was claimed: sessions, or yuan that clean to fen of face value."""

    def __init__(self, *args: Any, charge: Redemption, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.charge = charge
        if charge.card.version.plan in FACE_VALUE_PLANS:
            label = _("Yes, but only (yuan)")
            if charge.card.version.plan == Plan.DISCOUNT:
                label = _("Yes, but only (yuan, after the discount)")
            self.fields["part"] = YuanField(label=label)
        else:
            widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
            self.fields["part"] = forms.IntegerField(label=_("Yes, but only (sessions)"), widget=widget)
        self.fields["part"].help_text = _("The rest returns to your card.")

    def clean_part(self) -> int:
        """From one to what was claimed."""
        part: int = self.cleaned_data["part"]
        if not 1 <= part <= self.charge.units:
            raise forms.ValidationError(
                _("Enter less than what the store claims: %(figure)s.") % {"figure": self.charge.figure}
            )
        return part


class InsistForm(forms.Form):
    """Why the merchant stands by a charge."""

    because = forms.CharField(
        label=_("Why the charge is right"),
        max_length=200,
        help_text=_("The customer reads it, and a regulator if it comes to that."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RefundForm(forms.Form):
    """Why a refund is asked; ``expected_fen`` comes back from the confirming step."""

    cause = forms.ChoiceField(
        label=_("What is the reason?"),
        choices=RefundCause,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason: the sum depends on it.")},
    )
    stopped_on = forms.DateField(
        label=_("Last day the merchant served"),
        required=False,
        help_text=_("Only if the merchant stopped before today: a period card counts until that day."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(
        label=_("In your words"),
        max_length=500,
        required=False,
        help_text=_("The merchant reads it, and a regulator if it comes to that."),
        widget=forms.Textarea,
    )
    expected_fen = forms.IntegerField(required=False, min_value=1, max_value=MAX_FEN, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_period: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_period:
            del self.fields["stopped_on"]


class AgreeForm(forms.Form):
    """The sum the merchant agrees to, within what the verb will accept."""

    amount = YuanField(label=_("Refund (yuan)"))
    text = forms.CharField(label=_("Message to the customer"), max_length=500, required=False, widget=forms.Textarea)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asked_fen: int, least_fen: int, most_fen: int, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"amount": yuan(asked_fen).replace(",", "")})
        kwargs.setdefault("prefix", "agree")
        super().__init__(*args, **kwargs)
        self.least_fen, self.most_fen = least_fen, most_fen

    def clean_amount(self) -> int:
        """Asked twice before anything moves, so say at the first time what the verb would say at the second."""
        amount_fen: int = self.cleaned_data["amount"]
        if amount_fen < self.least_fen:
            raise forms.ValidationError(str(OfferTooLow(least=yuan(self.least_fen))))
        if amount_fen > self.most_fen:
            raise forms.ValidationError(str(OfferTooHigh(most=yuan(self.most_fen))))
        return amount_fen


class RefuseForm(forms.Form):
    """Why the merchant refuses."""

    text = forms.CharField(
        label=_("Why you refuse"),
        max_length=500,
        help_text=_("The customer reads it, and a regulator if there is a complaint."),
        widget=forms.Textarea,
        error_messages={"required": _("Say why you refuse, so that the customer and a regulator can understand it.")},
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "refuse")
        super().__init__(*args, **kwargs)


class PauseForm(forms.Form):
    """From when to when a card rests, and why."""

    since = forms.DateField(label=_("First day of the pause"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Last day of the pause"), widget=forms.DateInput(attrs={"type": "date"}))
    because = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The other side reads it."),
        error_messages={"required": _("Say why, so that the other side can agree.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ShopPauseForm(PauseForm):
    """The same, of a card that the merchant names."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=16,
        help_text=_("The 8 digits that the customer sees on the card."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    field_order = ("number", "since", "until", "because")

    def clean_number(self) -> str:
        return "".join(self.cleaned_data["number"].split())


class LossForm(forms.Form):
    """When a card went missing; empty for now."""

    since = forms.DateTimeField(
        label=_("Lost since"),
        required=False,
        help_text=_("When you last had it, if you know. Empty for now. Charges made since then are listed for you."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class TransferForm(forms.Form):
    """Who is to have the card."""

    phone = PhoneField(
        label=_("Their mobile number"),
        help_text=_("Whoever signs in with this number can take the card over."),
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )


class TakingForm(forms.Form):
    """Taking over a card: its contract accepted, and where refunds would go."""

    account_name = forms.CharField(
        label=_("Account holder"),
        max_length=100,
        help_text=_(
            "Your own name, as on your papers and at the bank. It has to be your name here, too; change it under “Me”."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    account_no = forms.CharField(
        label=_("Bank account number"),
        max_length=40,
        help_text=_(
            "A refund of this card would go there, because somebody else paid for it. It is stored encrypted and shown masked."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    contract_accepted = forms.BooleanField(
        label=_("I have read the contract and accept it unchanged."),
        error_messages={"required": _("Read the contract and tick that you accept it.")},
    )


class ClosingForm(forms.Form):
    """What closes or moves, and when."""

    store = forms.ModelChoiceField(
        Store.objects.none(), label=_("Where"), required=False, empty_label=_("the whole merchant")
    )
    kind = forms.ChoiceField(label=_("What is planned"), choices=ClosingKind.choices)
    last_day = forms.DateField(label=_("Last day of service"), widget=DayInput)
    new_address = forms.CharField(
        label=_("New address"), max_length=200, required=False, help_text=_("Only for a store that moves.")
    )
    because = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Your customers and the regulator read it.")
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = merchant.stores.filter(is_open=True)  # type: ignore[attr-defined]  # a choice field

    @property
    def facts(self) -> dict[str, Any]:
        """What the verb takes."""
        typed = dict(self.cleaned_data)
        store = typed.pop("store")
        return {**typed, "store_id": store.pk if store else None, "kind": ClosingKind(typed["kind"])}


class CertificateForm(forms.Form):
    """For whom, for how long, and the owner's consent."""

    reader = forms.CharField(
        label=_("For whom"),
        max_length=80,
        help_text=_("For example the bank you ask for a loan. The name stands on the certificate."),
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (180, _("180 days"))],
    )
    consents = forms.BooleanField(
        label=_(
            "I consent, for the merchant, that whoever has the address of this certificate sees what was sold, released, refunded and "
            "paid out in the last twelve months, and the balances."
        ),
        help_text=_("You can withdraw it at any time."),
        error_messages={"required": _("Tick that you consent. Without your consent nobody is shown anything.")},
    )


class RefundAccountForm(forms.Form):
    """Where the refund of a card goes that was paid in cash."""

    account_no = forms.CharField(
        label=_("Bank account number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    account_name = forms.CharField(
        label=_("Account holder"),
        max_length=60,
        help_text=_("An account in your own name, as you are registered here."),
    )


class CashBackForm(forms.Form):
    """The holder gives up what the shop owes her."""

    sure = forms.BooleanField(
        label=_("I have my money back, or never paid it. Nobody owes me anything for this order."),
        error_messages={"required": _("Tick this only if it is true.")},
    )
