"""What people type about a case. The verbs check it again; the forms put the error beside its field."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from complaints.cases.errors import PayByMissing
from complaints.cases.models.outside import ADDRESS_LENGTH, NAME_LENGTH
from complaints.cases.models.saved_filter import NAME_LENGTH as NAME_LENGTH_OF_FILTER
from complaints.cases.states import Manner, Result, Side, Wanted
from complaints.routing.coordinates import gcj02
from escrow.errors import BasisRequired, InvalidAmount
from escrow.states import FACE_VALUE_PLANS, Plan, RefundBasis
from prepaid.cards.forms import YuanField
from prepaid.cards.models import Redemption
from prepaid.cards.queries import Ground
from prepaid.merchants.forms import DayInput
from prepaid.merchants.models import Sector, Store
from prepaid.people.models import Division, User

TEXT_LENGTH = 2000
WORDS_LENGTH = 500


def text_area(rows: int = 5) -> forms.Textarea:
    """A text area of ``rows`` lines."""
    return forms.Textarea(attrs={"rows": rows})


class ComplaintForm(forms.Form):
    """Everything known is filled in by the page; the consumer tells the rest."""

    text = forms.CharField(
        label=_("What happened?"),
        max_length=TEXT_LENGTH,
        widget=text_area(),
        help_text=_("In your own words: what was agreed, what the merchant did, when. Up to 2,000 characters."),
    )
    wanted = forms.ChoiceField(
        label=_("What do you want?"),
        choices=[choice for choice in Wanted.choices if choice[0] != Wanted.CHARGE],
        initial=Wanted.REFUND,
        widget=forms.RadioSelect,
    )


class ChargeComplaintForm(forms.Form):
    """What is wrong about a charge."""

    text = forms.CharField(
        label=_("What is wrong?"),
        max_length=TEXT_LENGTH,
        widget=text_area(),
        help_text=_(
            "In your own words: what you used, and when. The store and the regulator read it. Up to 2,000 characters."
        ),
    )


class OutsideForm(forms.Form):
    """A complaint about something bought outside custody; ``store`` is known when somebody comes from a store's page."""

    merchant_name = forms.CharField(
        label=_("Which merchant?"),
        max_length=NAME_LENGTH,
        help_text=_("The name on the door, the contract or the receipt."),
    )
    address = forms.CharField(
        label=_("Where is it?"),
        required=False,
        max_length=ADDRESS_LENGTH,
        help_text=_("Road and number, compound or shopping centre, with its district if you know it."),
    )
    point = forms.CharField(required=False, widget=forms.HiddenInput)
    sector = forms.ChoiceField(label=_("What kind of shop?"), required=False)
    paid = YuanField(label=_("What did you pay? (yuan)"), required=False)
    left = YuanField(
        label=_("How much do you want back? (yuan)"),
        required=False,
        help_text=_("What is not used yet. Leave it empty if you do not know."),
    )
    paid_on = forms.DateField(label=_("When did you pay?"), required=False, widget=DayInput)
    text = forms.CharField(
        label=_("What happened?"),
        max_length=TEXT_LENGTH,
        widget=text_area(),
        help_text=_("In your own words: what was agreed, what the merchant did, when. Up to 2,000 characters."),
    )
    wanted = forms.ChoiceField(
        label=_("What do you want?"),
        choices=[choice for choice in Wanted.choices if choice[0] != Wanted.CHARGE],
        initial=Wanted.REFUND,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, sectors: Iterable[Sector], store: Store | None, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        choices = [(sector.code, sector.name) for sector in sectors]
        self.fields["sector"].choices = [("", _("I do not know")), *choices]  # type: ignore[attr-defined]  # a choice field
        if store is not None:
            for known in ("merchant_name", "address", "point", "sector"):
                del self.fields[known]

    def clean_point(self) -> tuple[float, float] | None:
        """Where the browser says it is (WGS-84, ``lng,lat``), in GCJ-02; nothing for what is no place in China."""
        try:
            lng, lat = (float(part) for part in self.cleaned_data["point"].split(","))
        except ValueError:
            return None
        return gcj02(lng, lat) if 73 < lng < 136 and 3 < lat < 54 else None

    def clean_paid_on(self) -> date | None:
        """Not in the future."""
        day: date | None = self.cleaned_data["paid_on"]
        if day is not None and day > self.today:
            raise forms.ValidationError(_("This day is still to come. Enter the day you paid."))
        return day

    def clean(self) -> dict[str, Any]:
        """Nobody gets back more than was paid."""
        data = super().clean() or {}
        paid, left = data.get("paid"), data.get("left")
        if paid and left and left > paid:
            self.add_error("left", _("This is more than you paid. Enter at most that sum."))
        return data


class StatementForm(forms.Form):
    text = forms.CharField(
        label=_("Your statement"),
        max_length=TEXT_LENGTH,
        widget=text_area(),
        help_text=_("It becomes part of the file and cannot be changed. Up to 2,000 characters."),
    )


def yes_or_no(label: Any) -> forms.TypedChoiceField:
    """A question; nothing is chosen beforehand."""
    return forms.TypedChoiceField(
        label=label,
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )


class CallbackForm(forms.Form):
    """The three questions of the callback, and words."""

    reached = yes_or_no(_("Did the authority get in touch with you?"))
    resolved = yes_or_no(_("Is the matter resolved?"))
    satisfied = yes_or_no(_("Are you satisfied with how it was handled?"))
    words = forms.CharField(
        label=_("What else do you want to say?"),
        required=False,
        max_length=WORDS_LENGTH,
        widget=text_area(3),
        help_text=_("Up to 500 characters. The authority reads it, the merchant does not."),
    )


class ReopenForm(forms.Form):
    text = forms.CharField(
        label=_("What is not resolved?"),
        max_length=TEXT_LENGTH,
        widget=text_area(4),
        help_text=_("The officer in charge reads it. Up to 2,000 characters."),
    )


class AnswerForm(StatementForm):
    offer = YuanField(
        label=_("We agree to pay back (yuan)"),
        required=False,
        help_text=_("Leave empty if you do not agree to a refund. The officer can decide on your consent."),
    )


class RecordForm(forms.Form):
    """What a side said to the officer."""

    side = forms.ChoiceField(label=_("Who said it"), choices=Side.choices, widget=forms.RadioSelect)
    text = forms.CharField(label=_("Statement"), max_length=TEXT_LENGTH, widget=text_area(4))
    offer = YuanField(label=_("Merchant agrees to pay back (yuan)"), required=False)

    def clean(self) -> dict[str, Any]:
        """Only a merchant can offer a refund."""
        data = super().clean() or {}
        if data.get("offer") and data.get("side") == Side.CONSUMER:
            self.add_error("offer", _("Only the merchant can agree to pay back."))
        return data


class MediationForm(forms.Form):
    """The record of a mediation. Both sides read all of it."""

    held_at = forms.DateTimeField(
        label=_("Held on (day and hour)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    manner = forms.ChoiceField(label=_("How"), choices=Manner.choices, widget=forms.RadioSelect)
    place = forms.CharField(label=_("Place, or number or meeting used"), max_length=200)
    consumer_by = forms.CharField(label=_("Who took part for the consumer"), max_length=100)
    merchant_by = forms.CharField(label=_("Who took part for the merchant, as what"), max_length=100)
    consumer_said = forms.CharField(
        label=_("The consumer's statement"),
        max_length=TEXT_LENGTH,
        widget=text_area(4),
        help_text=_(
            "Filled in from the file; write what was said now. The other side reads it. Up to 2,000 characters."
        ),
    )
    merchant_said = forms.CharField(
        label=_("The merchant's statement"),
        max_length=TEXT_LENGTH,
        widget=text_area(4),
        help_text=_(
            "Filled in from the file; write what was said now. The other side reads it. Up to 2,000 characters."
        ),
    )
    agreed = forms.TypedChoiceField(
        label=_("Is there an agreement?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    custody = YuanField(
        label=_("Paid out of custody (yuan)"),
        required=False,
        help_text=_(
            "It can be decided on once both sides have confirmed. At most what was paid for the card, and its interest."
        ),
    )
    direct = YuanField(label=_("Paid by the merchant itself (yuan)"), required=False)
    pay_by = forms.DateField(
        label=_("The merchant pays its part by"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    terms = forms.CharField(label=_("What else was agreed"), max_length=1000, required=False, widget=text_area(2))
    failed_because = forms.CharField(
        label=_("Why there is no agreement"), max_length=1000, required=False, widget=text_area(2)
    )

    def clean(self) -> dict[str, Any]:
        """Without an agreement there is a reason, and no sums."""
        data = super().clean() or {}
        if data.get("agreed") is False:
            data |= {"custody": None, "direct": None, "pay_by": None, "terms": ""}
            if not data.get("failed_because"):
                self.add_error("failed_because", _("Write why there is no agreement."))
        else:
            data["failed_because"] = ""
        return data


class SignatureForm(forms.Form):
    """A side has signed the record on paper."""

    side = forms.ChoiceField(label=_("Who signed"), choices=Side.choices)
    signed_on = forms.DateField(label=_("Signed on"), widget=forms.DateInput(attrs={"type": "date"}))
    sha256 = forms.CharField(widget=forms.HiddenInput)


class ChargeDecideForm(forms.Form):
    """How much of a charge was used."""

    reasons = forms.CharField(
        label=_("Evidence and reasons"),
        max_length=TEXT_LENGTH,
        widget=text_area(4),
        help_text=_("Which record or statement shows how much was used. Both sides read this."),
    )
    field_order = ("units", "reasons")

    def __init__(self, *args: Any, charge: Redemption, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.charge = charge
        plan = charge.card.version.plan
        if plan in FACE_VALUE_PLANS:
            label = _("Used of it (yuan, after the discount)") if plan == Plan.DISCOUNT else _("Used of it (yuan)")
            self.fields["units"] = YuanField(label=label)
        elif plan == Plan.COURSE:
            self.fields["units"] = forms.IntegerField(label=_("Used of it (lessons)"))
        else:
            self.fields["units"] = forms.IntegerField(label=_("Used of it (sessions)"))
        self.fields["units"].help_text = _("0 when nothing was used. The rest returns to the card.")
        self.order_fields(self.field_order)

    def clean_units(self) -> int:
        """From nothing to all that was claimed."""
        units: int = self.cleaned_data["units"]
        if not 0 <= units <= self.charge.units:
            raise forms.ValidationError(
                _("Enter at most what was claimed: %(figure)s.") % {"figure": self.charge.figure}
            )
        return units


class AssignForm(forms.Form):
    lead = forms.ModelChoiceField(label=_("Officer in charge"), queryset=User.objects.none())


class BulkForm(forms.Form):
    """One press over several cases; ``colleagues`` where one of them is put in charge."""

    kind = forms.CharField(widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, colleagues: QuerySet[User] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if colleagues is not None:
            self.fields["lead"] = forms.ModelChoiceField(label=_("Officer in charge"), queryset=colleagues)


class FilterNameForm(forms.Form):
    """What a search of the queue is called."""

    name = forms.CharField(label=_("Name of the filter"), max_length=NAME_LENGTH_OF_FILTER)


class FilterForm(FilterNameForm):
    """A saved filter, changed."""

    is_default = forms.BooleanField(label=_("The queue opens with it"), required=False)


class AuthorityForm(forms.Form):
    """Whose matter an undetermined case is; the district only where nobody knows it."""

    sector = forms.ChoiceField(label=_("Sector"))
    district = forms.ChoiceField(label=_("District"))

    def __init__(
        self, *args: Any, sectors: Iterable[Sector], districts: Iterable[Division] | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(sector.code, sector.name) for sector in sectors]
        self.fields["sector"].choices = [("", "---------"), *choices]  # type: ignore[attr-defined]  # a choice field
        if districts is None:
            del self.fields["district"]
        else:
            choices = [(district.code, district.name) for district in districts]
            self.fields["district"].choices = [("", "---------"), *choices]  # type: ignore[attr-defined]  # a choice field


class BasisSelect(forms.Select):
    """The bases; one that carries no refund of this card cannot be chosen, and the page says why."""

    refused: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """One line of the list."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value in self.refused:
            option["attrs"]["disabled"] = True
        return option


class DecideForm(forms.Form):
    """Upheld: sum and basis. Not upheld: reasons only."""

    result = forms.ChoiceField(
        label=_("Outcome"),
        choices=[choice for choice in Result.choices if choice[0] != Result.OUT_OF_SCOPE],
        widget=forms.RadioSelect,
    )
    amount = YuanField(
        label=_("Refund (yuan)"),
        required=False,
        help_text=_(
            "Only when upheld, and at most what the basis carries. An agreement or a judgment names the whole sum; on every "
            "other basis interest is added by itself."
        ),
    )
    basis = forms.ChoiceField(
        label=_("Basis of the refund"),
        choices=[("", "---------"), *RefundBasis.choices],
        required=False,
        widget=BasisSelect,
        help_text=_("Only when upheld. Escrow pays out on nothing else."),
    )
    reasons = forms.CharField(
        label=_("Evidence and reasons"),
        max_length=TEXT_LENGTH,
        widget=text_area(4),
        help_text=_("For a refund: which agreement, judgment or record it rests on. Both sides read this."),
    )

    def __init__(self, *args: Any, grounds: dict[RefundBasis, Ground], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        refused = frozenset(basis.value for basis, ground in grounds.items() if ground.refusal is not None)
        self.fields["basis"].widget.refused = refused

    def clean(self) -> dict[str, Any]:
        """A refund needs its sum and its basis; without a refund there is neither."""
        data = super().clean() or {}
        if data.get("result") == Result.UPHELD:
            if data.get("amount") is None and "amount" not in self.errors:
                self.add_error("amount", InvalidAmount.message)
            if not data.get("basis") and "basis" not in self.errors:
                self.add_error("basis", BasisRequired.message)
        else:
            data |= {"amount": None, "basis": ""}
        return data


class OutsideDecideForm(DecideForm):
    """About a purchase outside custody: upheld also needs the day by which the merchant pays."""

    pay_by = forms.DateField(
        label=_("The merchant pays by"),
        required=False,
        widget=DayInput,
        help_text=_("Only when upheld. Nothing of it is in custody: the case stays open until it is paid."),
    )
    field_order = ("result", "amount", "pay_by", "basis", "reasons")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = _(
            "Only when upheld, and at most what the basis carries; interest is part of it."
        )
        self.fields["basis"].help_text = _("Only when upheld.")

    def clean(self) -> dict[str, Any]:
        """Upheld needs its day."""
        data = super().clean()
        if data.get("result") != Result.UPHELD:
            data["pay_by"] = None
        elif data.get("pay_by") is None and "pay_by" not in self.errors:
            self.add_error("pay_by", PayByMissing.message)
        return data


class ReplyForm(forms.Form):
    text = forms.CharField(
        label=_("Reply"),
        max_length=TEXT_LENGTH,
        widget=text_area(4),
        help_text=_("The consumers of all open complaints of this group read it. Up to 2,000 characters."),
    )


class TurnAwayForm(forms.Form):
    reasons = forms.CharField(
        label=_("Why it is not a matter of prepaid consumption"), max_length=TEXT_LENGTH, widget=text_area(2)
    )


class RepaidForm(forms.Form):
    evidence = forms.CharField(
        label=_("Proof of the payment"),
        max_length=200,
        help_text=_("Which receipt or transfer you have seen, with its date. Both sides read this."),
    )


class EndUnpaidForm(forms.Form):
    reasons = forms.CharField(
        label=_("Why nothing more can be done"),
        max_length=200,
        help_text=_("Both sides read this. Name the way to court or enforcement."),
    )
