"""What people type about a case. The verbs check it again; the forms put the error beside its field."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.cases.states import Manner, Result, Side, Wanted
from escrow.errors import BasisRequired, InvalidAmount
from escrow.states import FACE_VALUE_PLANS, Plan, RefundBasis
from prepaid.cards.forms import YuanField
from prepaid.cards.models import Redemption
from prepaid.cards.queries import Ground
from prepaid.people.models import User

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


class SectorForm(forms.Form):
    sector = forms.ChoiceField(label=_("Sector"))


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

    result = forms.ChoiceField(label=_("Outcome"), choices=Result.choices, widget=forms.RadioSelect)
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
