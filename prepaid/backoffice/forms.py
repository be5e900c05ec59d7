"""Forms of the operators' pages."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from escrow import clock
from escrow.models import ReserveRule
from escrow.states import InstructionKind, RefundBasis
from prepaid.backoffice.queries.matters import NOBODY, Asked, merchants_named, operators
from prepaid.merchants.forms import DayInput
from prepaid.merchants.models import Merchant
from prepaid.products.forms import PercentField, YuanField

if TYPE_CHECKING:
    _RuleForm = forms.ModelForm[ReserveRule]
else:
    _RuleForm = forms.ModelForm


class ReasonForm(forms.Form):
    """Why something is done."""

    because = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Goes into the audit trail."))


class DecisionForm(ReasonForm):
    """The second person's words; needed for a refusal, welcome with an approval."""

    because = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Needed to refuse. Say how it was checked when you approve."),
    )


class HandOverForm(forms.Form):
    """Who sees to it from now on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = forms.TypedChoiceField(
            label=_("In charge"), coerce=int, choices=[(user.pk, user.get_full_name()) for user in operators()]
        )


class ExplainForm(ReasonForm):
    """What an unexplained line is; the choices are what has its sum and waits."""

    field_order = ("to", "because")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"] = forms.ChoiceField(label=_("This line is"), choices=[("", "–"), *choices])
        self.order_fields(self.field_order)


class ReturnForm(ReasonForm):
    """Where a receipt goes back to; ``known``: the bank's line names the account it came from."""

    account_no = forms.CharField(label=_("Account"), max_length=34, required=False, strip=True)
    account_name = forms.CharField(label=_("Account holder"), max_length=100, required=False, strip=True)
    field_order = ("account_no", "account_name", "because")

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account_no"].help_text = (
            _("Empty: the account that the bank's line names.")
            if known
            else _("The bank's line names none: ask the bank.")
        )


class RefundByHandForm(ReasonForm):
    """A card settled outside the usual road."""

    card_number = forms.CharField(label=_("Card number"), max_length=20)
    amount = YuanField(
        label=_("Refund (yuan)"),
        help_text=_(
            "Goes back to where the card was paid from, or if that was in cash to the account that its holder names; the rest is the "
            "merchant's."
        ),
    )
    basis = forms.ChoiceField(
        label=_("Basis"),
        choices=[("", "–"), *RefundBasis.choices],
        help_text=_(
            "The merchant's consent and its silence answer a refund request: have the customer ask for it on the card's page."
        ),
    )
    field_order = ("card_number", "amount", "basis", "because")


class RefundAccountForm(ReasonForm):
    """A person's own account, for a refund that the channel cannot pay back."""

    account_no = forms.CharField(label=_("Bank account"), max_length=40, help_text=_("Of the person who is owed it."))
    account_name = forms.CharField(label=_("Account holder"), max_length=64, help_text=_("As the bank writes it."))
    person_name = forms.CharField(
        label=_("Name on the identity document"), max_length=64, help_text=_("Of the person who bought the card.")
    )
    checked = forms.BooleanField(
        label=_("The person was called back on the number of their account here and showed the document"),
        error_messages={"required": _("Call the person back first: what is sent does not come back.")},
    )
    field_order = ("account_no", "account_name", "person_name", "because", "checked")


class OrderForm(forms.Form):
    """An order of a court or an authority on a merchant's money."""

    merchant = forms.CharField(
        label=_("Merchant"), max_length=120, help_text=_("Its whole name, its credit code, or its custody account.")
    )
    order_no = forms.CharField(label=_("Order number"), max_length=64, help_text=_("As on the order."))
    issued_by = forms.CharField(
        label=pgettext_lazy("order", "Issued by"), max_length=120, help_text=_("The court or the authority.")
    )
    sum_fen = YuanField(label=_("Sum (yuan)"), help_text=_("At most so much is blocked."))
    expires_on = forms.DateField(label=_("Expires on"), widget=DayInput, help_text=_("Its last day, in Beijing."))

    def clean_merchant(self) -> Merchant:
        """The one merchant that is meant."""
        found = merchants_named(self.cleaned_data["merchant"])
        if not found:
            raise forms.ValidationError(
                _("No merchant has this name, credit code or custody account. Check the order.")
            )
        if len(found) > 1:
            raise forms.ValidationError(_("Several merchants have this name. Enter the credit code."))
        return found[0]

    def clean_expires_on(self) -> Any:
        """Not over yet."""
        day = self.cleaned_data["expires_on"]
        if day < clock.today():
            raise forms.ValidationError(_("This day is over: the order holds nothing any more."))
        return day


class LiftForm(ReasonForm):
    """An order is withdrawn."""

    checked = forms.BooleanField(
        label=_("The withdrawal is in writing and was checked with the authority"),
        error_messages={"required": _("Check it with the authority first: what is paid out does not come back.")},
    )


class ReserveRuleForm(_RuleForm):
    """The reserve from a later day on."""

    basis_points = PercentField(label=_("percent of every payout"))
    up_to_fen = YuanField(label=_("until the reserve holds (yuan)"))

    class Meta:
        model = ReserveRule
        fields = ["valid_from", "basis_points", "up_to_fen", "keep_days", "source", "mark"]
        widgets = {"valid_from": DayInput()}

    def validate_unique(self) -> None:
        """The verb says it better."""


class FileForm(forms.Form):
    """A file from a bank or a channel."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("camt.053, CSV or XLSX statement, a channel's bill, or the results of an instruction file; 32 MB."),
    )
    bank = forms.SlugField(
        label=_("Bank or channel"), max_length=16, initial="sandbox", help_text=_("Its code, as in its column mapping.")
    )
    format = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[
            ("", _("told by the file")),
            ("camt053", "ISO 20022 camt.053"),
            ("csv", "CSV"),
            ("xlsx", "XLSX"),
            ("bill", _("channel's daily bill")),
            ("results", _("results of an instruction file")),
        ],
    )


class BatchForm(forms.Form):
    """Which orders go into a file."""

    bank = forms.SlugField(label=_("Bank or channel"), max_length=16, initial="sandbox")
    kind = forms.ChoiceField(label=_("Kind"), choices=InstructionKind.choices)


class FilterForm(forms.Form):
    """The list's filters, kept in the address."""

    lane = forms.CharField(required=False, widget=forms.HiddenInput)
    late = forms.BooleanField(label=_("Only what is too old"), required=False)
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        strip=True,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("number, custody account or merchant")}),
    )

    field_order = ("lane", "owner", "q", "late")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(user.pk), user.get_full_name()) for user in operators()]
        self.fields["owner"] = forms.CharField(
            label=_("In charge"),
            required=False,
            widget=forms.Select(choices=[("", _("everybody")), (NOBODY, _("nobody yet")), *people]),
        )
        self.order_fields(self.field_order)

    def asked(self) -> Asked:
        """What to look for; what makes no sense is left out."""
        self.full_clean()
        data = self.cleaned_data
        return Asked(
            lane=data.get("lane", ""),
            owner=data.get("owner", ""),
            late=data.get("late", False),
            words=data.get("q", ""),
        )
