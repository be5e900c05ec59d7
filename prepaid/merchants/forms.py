"""Forms of the merchants' pages. The verbs check; a refusal is shown beside the field it names."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError
from prepaid.merchants import queries
from prepaid.merchants.errors import UnknownDistrict, UnknownSector, UnknownSubdistrict
from prepaid.merchants.models import StaffRole, Store
from prepaid.people.forms import PhoneField


def refuse(form: forms.Form, error: DomainError) -> None:
    """Show the refusal beside its field, or on top."""
    field = getattr(error, "field", None)
    form.add_error(field if field in form.fields else None, str(error))


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PayoutAccountForm(forms.Form):
    """Where payouts go."""

    account_name = forms.CharField(
        label=_("Account holder"), max_length=100, help_text=_("As the bank knows it, usually the registered name.")
    )
    account_no = forms.CharField(
        label=_("Bank account number"),
        max_length=40,
        help_text=_("What customers have used is paid out here. It is stored encrypted and shown masked."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class ChangeAccountForm(PayoutAccountForm):
    """Where payouts shall go, once the platform has checked it."""

    because = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_(
            "The platform calls you back on your registered number and checks this before it changes anything."
        ),
    )


class RegisterForm(PayoutAccountForm):
    """A merchant as its business licence has it."""

    name = forms.CharField(label=_("Registered name"), max_length=100)
    uscc = forms.CharField(
        label=_("Unified social credit code"),
        max_length=24,
        help_text=_("18 characters, on the business licence."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    legal_representative = forms.CharField(label=_("Legal representative"), max_length=50)
    sector = forms.ChoiceField(
        label=_("Sector"),
        help_text=_("It decides which regulator files your cards and which caps hold."),
        error_messages={"invalid_choice": UnknownSector.message},
    )
    district = forms.ChoiceField(
        label=_("District of the head office"), error_messages={"invalid_choice": UnknownDistrict.message}
    )
    contact_phone = forms.CharField(
        label=_("Contact phone"),
        max_length=32,
        required=False,
        help_text=_("Stands in every contract. If empty: your own number."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    field_order = ["name", "uscc", "legal_representative", "sector", "district", "contact_phone"]

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose = [("", _("Choose…"))]
        self.fields["sector"].choices = choose + [(row.pk, row.name) for row in queries.sectors(on=on)]  # type: ignore[attr-defined]  # a choice field
        self.fields["district"].choices = choose + [(row.pk, row.name) for row in queries.districts(on=on)]  # type: ignore[attr-defined]  # a choice field


class StoreForm(forms.Form):
    """A store. ``placed`` keeps the address the shown subdistrict was found for: another address is placed anew."""

    name = forms.CharField(label=_("Name of the store"), max_length=100)
    address = forms.CharField(
        label=_("Address"), max_length=200, help_text=_("With the district, for example 朝阳区望京街道阜通东大街6号.")
    )
    subdistrict = forms.ChoiceField(
        label=_("District and subdistrict"),
        required=False,
        help_text=_("Found from the address; correct it if it is wrong. It decides which authority is responsible."),
        error_messages={"invalid_choice": UnknownSubdistrict.message},
    )
    lease_ends_on = forms.DateField(
        label=_("Lease ends on"),
        required=False,
        widget=DayInput(),
        help_text=_("No card may run longer. Leave it empty only if the premises are your own."),
    )
    placed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, on: date, store: Store | None = None, **kwargs: Any) -> None:
        if store is not None:
            kwargs["initial"] = {
                "name": store.name,
                "address": store.address,
                "placed": store.address,
                "subdistrict": store.subdistrict_id,
                "lease_ends_on": store.lease_ends_on,
                "is_open": store.is_open,
            }
        super().__init__(*args, **kwargs)
        streets: dict[str, list[tuple[str, str]]] = {}
        self.parents: dict[str, str] = {}
        for row in queries.subdistricts(on=on):
            assert row.parent is not None  # a constraint: only districts have no parent
            self.parents[row.pk] = row.parent.pk
            streets.setdefault(row.parent.name, []).append((row.pk, f"{row.parent.name} · {row.name}"))
        self.fields["subdistrict"].choices = [("", _("Find it from the address")), *streets.items()]  # type: ignore[attr-defined]  # a choice field
        if store is not None:
            self.fields["is_open"] = forms.BooleanField(
                label=_("Open for business"),
                required=False,
                help_text=_("A closed store redeems no cards and appears nowhere."),
            )

    @property
    def is_placed(self) -> bool:
        """A subdistrict is chosen, and for this address."""
        return bool(self.cleaned_data["subdistrict"]) and self.cleaned_data["placed"] == self.cleaned_data["address"]

    @property
    def values(self) -> dict[str, Any]:
        """What the verbs take."""
        typed = self.cleaned_data
        return {
            "name": typed["name"],
            "address": typed["address"],
            "district_code": self.parents.get(typed["subdistrict"], ""),
            "subdistrict_code": typed["subdistrict"],
            "lease_ends_on": typed["lease_ends_on"],
        } | ({"is_open": typed["is_open"]} if "is_open" in typed else {})


class StaffForm(forms.Form):
    """Who may work here, found by phone number."""

    phone = PhoneField(
        help_text=_("Without an account one is opened; the person signs in with this number and an SMS code.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.label) for role in reversed(StaffRole)])
    store = forms.ChoiceField(label=_("Store"), required=False, help_text=_("For a cashier: where they stand."))

    def __init__(self, *args: Any, merchant_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = queries.stores_of(merchant_id).filter(is_open=True)
        self.fields["store"].choices = [("", "–"), *((str(store.pk), store.name) for store in stores)]  # type: ignore[attr-defined]  # a choice field


class InviteForm(forms.Form):
    """A merchant that somebody misses here."""

    name = forms.CharField(label=_("Name of the merchant"), max_length=100, help_text=_("As on its sign."))
    sector = forms.ChoiceField(label=_("What it offers"), error_messages={"invalid_choice": UnknownSector.message})
    district = forms.ChoiceField(label=_("District"), error_messages={"invalid_choice": UnknownDistrict.message})
    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        required=False,
        help_text=_("Street and number, or where it is: it helps to find the right one."),
    )
    message = forms.CharField(
        label=_("What should the authority know?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The regulator reads it. Write no names or phone numbers of people."),
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose = [("", _("Choose…"))]
        self.fields["sector"].choices = choose + [(row.pk, row.name) for row in queries.sectors(on=on)]  # type: ignore[attr-defined]  # a choice field
        self.fields["district"].choices = choose + [(row.pk, row.name) for row in queries.districts(on=on)]  # type: ignore[attr-defined]  # a choice field
