"""Forms of the merchants' pages. The verbs check; a refusal is shown beside the field it names."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError
from escrow.money import yuan, yuan_to_fen
from escrow.states import FACE_VALUE_PLANS
from prepaid.merchants import queries, sales_file
from prepaid.merchants.errors import NotInLeft, PinsDiffer, UnknownDistrict, UnknownSector, UnknownSubdistrict
from prepaid.merchants.forecast import HUNDREDTH, SalesWeek
from prepaid.merchants.models import ExistingCard, Rating, StaffMember, StaffRole, Store
from prepaid.merchants.operations import OperatorFacts
from prepaid.people.forms import PhoneField
from prepaid.people.models import Division


def refuse(form: forms.Form, error: DomainError) -> None:
    """Show the refusal beside its field, or on top."""
    field = getattr(error, "field", None)
    form.add_error(field if field in form.fields else None, str(error))


class YuanField(forms.CharField):
    """Yuan with at most two decimals; cleans to fen, or None when empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Fen. ValidationError with the domain's sentence for anything that is no amount."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return yuan_to_fen(text)
        except DomainError as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LongSelect(forms.Select):
    """Hundreds of options: written in one go. Django makes each of them by a template of its own."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """The same words as Django's."""
        widget = self.get_context(name, value, attrs)["widget"]
        options = format_html_join("", "{}", ((_group(label, rows),) for label, rows, _place in widget["optgroups"]))
        return format_html('<select name="{}"{}>{}</select>', widget["name"], flatatt(widget["attrs"]), options)


def _group(label: str | None, rows: list[dict[str, Any]]) -> SafeString:
    said = ((row["value"], flatatt(row["attrs"]), row["label"]) for row in rows)
    options = format_html_join("", '<option value="{}"{}>{}</option>', said)
    return format_html('<optgroup label="{}">{}</optgroup>', label, options) if label else options


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


class OperatorForm(forms.Form):
    """Who runs the merchant, or where it is paid, from now on; what stays as it is is left empty."""

    representative = forms.CharField(label=_("New legal representative"), max_length=50, required=False)
    controller = forms.CharField(
        label=_("New actual controller"),
        max_length=50,
        required=False,
        help_text=_("Who decides in fact, if that is somebody else: for example who has bought the shop."),
    )
    account_name = forms.CharField(
        label=_("New account holder"),
        max_length=100,
        required=False,
        help_text=_("As the bank knows it, usually the registered name."),
    )
    account_no = forms.CharField(
        label=_("New bank account number"),
        max_length=40,
        required=False,
        help_text=_("It is stored encrypted and shown masked."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    @property
    def facts(self) -> OperatorFacts:
        """What the verbs take."""
        typed = self.cleaned_data
        return OperatorFacts(**{name: typed[name] for name in OperatorForm.base_fields})


class HandoverForm(OperatorForm):
    """The report of a change."""

    because = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For example the sale of the shop, and the number of the registration: the officials read it."),
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
        widget=LongSelect,
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
        name = Division.name_field()
        rows = queries.subdistricts(on=on).values_list("pk", name, "parent_id", f"parent__{name}")
        for pk, street, self.parents[pk], district in rows:
            streets.setdefault(district, []).append((pk, f"{district} · {street}"))
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


class PinInput(forms.PasswordInput):
    """Six digits that nobody beside the counter reads."""

    def __init__(self, *, autocomplete: str = "off") -> None:
        super().__init__(attrs={"inputmode": "numeric", "autocomplete": autocomplete, "maxlength": "6"})


class PinForm(forms.Form):
    """One's own counter PIN, typed twice."""

    pin = forms.CharField(label=_("PIN"), max_length=20, help_text=_("Six digits."), widget=PinInput())
    again = forms.CharField(label=_("The same again"), max_length=20, widget=PinInput())

    def clean(self) -> dict[str, Any]:
        """Both are the same."""
        typed = super().clean() or {}
        if "pin" in typed and "again" in typed and typed["pin"] != typed["again"]:
            self.add_error("again", str(PinsDiffer()))
        return typed


class SwitchForm(forms.Form):
    """Who takes over the counter, of which store, and their PIN."""

    staff = forms.TypedChoiceField(label=_("Who works here now"), coerce=int, widget=forms.RadioSelect)
    pin = forms.CharField(label=_("PIN"), max_length=20, widget=PinInput())

    def __init__(self, *args: Any, people: list[StaffMember], stores: list[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [  # type: ignore[attr-defined]  # a choice field
            (one.pk, f"{one.user.display_name} · {one.get_role_display()}") for one in people
        ]
        if len(stores) > 1:
            self.fields["store"] = forms.TypedChoiceField(
                label=_("Store"), coerce=int, choices=[(store.pk, store.name) for store in stores]
            )


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


#: A forecast of figures that are typed looks so many weeks ahead; a file says its own.
FORECAST_WEEKS = 52


class ForecastForm(forms.Form):
    """What an owner knows of the shop's own sales. ``asks_sector``: of somebody who has not joined yet."""

    sector = forms.ChoiceField(label=_("Sector"), error_messages={"invalid_choice": UnknownSector.message})
    rating = forms.ChoiceField(
        label=_("Rating by the regulator"), required=False, choices=[("", _("not rated yet")), *Rating.choices]
    )
    cards = forms.IntegerField(label=_("Cards sold in a week"), min_value=1, max_value=10_000, required=False)
    price = YuanField(label=_("Average price of a card (yuan)"), required=False)
    file = forms.FileField(
        label=_("Or your own weeks, as a file"),
        required=False,
        help_text=_("CSV with the columns cards and price (yuan), one row a week, at most 104 rows. It is not kept."),
    )
    visits = forms.IntegerField(label=_("Visits on a card"), min_value=1, max_value=1_000)
    pace = forms.DecimalField(
        label=_("Visits a customer makes in a week"),
        min_value=Decimal("0.01"),
        max_value=50,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    life = forms.IntegerField(
        label=_("A card runs (weeks)"),
        min_value=1,
        max_value=520,
        help_text=_("What is not used by then stays the customer's and is not counted as yours."),
    )
    opening = YuanField(label=_("In the bank today (yuan)"), required=False)
    costs = YuanField(label=_("Rent, wages and other costs a week (yuan)"), required=False)
    more = forms.IntegerField(
        label=_("More customers if they pay by the month (%)"),
        min_value=0,
        max_value=200,
        required=False,
        help_text=_("A smaller first payment is easier to say yes to. Leave it empty to count none."),
    )

    def __init__(self, *args: Any, on: date, asks_sector: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asks_sector:
            choose = [("", _("Choose…"))]
            self.fields["sector"].choices = choose + [(row.pk, row.name) for row in queries.sectors(on=on)]  # type: ignore[attr-defined]  # a choice field
        else:
            del self.fields["sector"], self.fields["rating"]

    def clean(self) -> dict[str, Any]:
        """``sales``: the file's weeks, or the same week again and again."""
        typed: dict[str, Any] = self.cleaned_data
        if typed.get("file"):
            try:
                typed["sales"] = sales_file.read_weeks(typed["file"].read(sales_file.MOST_BYTES + 1))
            except DomainError as error:
                refuse(self, error)
        elif typed.get("cards") and typed.get("price"):
            typed["sales"] = (SalesWeek(cards=typed["cards"], price_fen=typed["price"]),) * FORECAST_WEEKS
        elif not self.errors:
            self.add_error("cards", _("Enter how many cards you sell in a week and their price, or choose a file."))
        return typed

    @property
    def figures(self) -> dict[str, Any]:
        """What ``forecast.Facts`` asks of the owner."""
        typed = self.cleaned_data
        return {
            "sales": typed["sales"],
            "visits": typed["visits"],
            "pace": int(typed["pace"] * HUNDREDTH),
            "life": typed["life"],
            "opening_fen": typed["opening"] or 0,
            "costs_fen": typed["costs"] or 0,
            "more_percent": typed["more"] or 0,
        }


class CardFileForm(forms.Form):
    """The file of what was sold before joining."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("CSV, at most 2,000 cards, in UTF-8 or GB 18030: as Excel or WPS saves it."),
    )


class LeftForm(forms.Form):
    """What is left on an earlier card, in what it counts by: sessions, lessons, days, or yuan."""

    left = forms.CharField(max_length=24, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
    because = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, card: ExistingCard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.card = card
        in_yuan = card.kind in FACE_VALUE_PLANS
        self.fields["left"].label = (
            _("What is left, gift money included (yuan)")
            if in_yuan
            else _("What is left (%(of)s were sold)") % {"of": card.total}
        )

    def clean_left(self) -> int:
        """Units; nothing is an answer too."""
        text = self.cleaned_data["left"].strip()
        try:
            if self.card.kind not in FACE_VALUE_PLANS:
                return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1
            return yuan_to_fen(text) if text.strip("¥0.") else 0
        except DomainError as error:
            raise forms.ValidationError(str(NotInLeft(most=self.card.total))) from error

    @property
    def figures(self) -> dict[str, Any]:
        """What the verbs take."""
        return {"units_left": self.cleaned_data["left"], "because": self.cleaned_data["because"]}


class CorrectCardForm(LeftForm):
    """The merchant's other figure."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["because"].label = _("Why: used, paid back, replaced by a card bought here, or wrong in the file")
        self.fields["because"].help_text = _("The holder reads it and is asked to confirm the figure.")


class ContestCardForm(LeftForm):
    """The holder's other figure."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["left"].help_text = _("0 if this is no card of yours.")
        self.fields["because"].label = _("What is wrong?")
        self.fields["because"].help_text = _("The merchant reads it, and the regulator can. Keep your receipts.")


class PlanForm(forms.Form):
    """A funding plan: up to twelve instalments; empty rows are left out."""

    ROWS = 12

    def __init__(self, *args: Any, total_fen: int = 0, first: date | None = None, **kwargs: Any) -> None:
        if first is not None:
            kwargs["initial"] = {"day_1": first, "sum_1": yuan(total_fen).replace(",", "")}
        super().__init__(*args, **kwargs)
        for row in range(1, self.ROWS + 1):
            self.fields[f"day_{row}"] = forms.DateField(
                label=_("Day %(row)s") % {"row": row}, required=False, widget=DayInput()
            )
            self.fields[f"sum_{row}"] = forms.CharField(
                label=_("Sum %(row)s (yuan)") % {"row": row},
                required=False,
                max_length=24,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of each instalment, side by side."""
        return [(self[f"day_{row}"], self[f"sum_{row}"]) for row in range(1, self.ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        """Each row is whole or empty; sums become fen."""
        typed: dict[str, Any] = super().clean() or {}
        self.instalments: list[tuple[date, int]] = []
        for row in range(1, self.ROWS + 1):
            day, text = typed.get(f"day_{row}"), typed.get(f"sum_{row}", "")
            if bool(day) != bool(text) and f"day_{row}" not in self.errors:
                self.add_error(
                    f"day_{row}" if text else f"sum_{row}", _("Fill in both the day and the sum, or neither.")
                )
            elif day and text:
                try:
                    self.instalments.append((day, yuan_to_fen(text)))
                except DomainError as error:
                    self.add_error(f"sum_{row}", str(error))
        return typed
