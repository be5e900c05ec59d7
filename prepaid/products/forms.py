"""Forms of products and filings."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from escrow.money import yuan
from escrow.states import Plan
from prepaid.merchants.forms import DayInput, YuanField
from prepaid.merchants.queries import stores_of
from prepaid.products import standard_clauses
from prepaid.products.errors import BadFacts
from prepaid.products.models import ProductVersion
from prepaid.products.operations import Draft
from prepaid.products.refund_rules import CardKind, Cause, RefundFacts
from prepaid.products.terms import CLAUSES, LEAST_MONTHS, MOST_MONTHS, percent

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class PercentField(forms.DecimalField):
    """Percent with at most two decimals; cleans to basis points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> int:
        """0.01 % each."""
        return int(super().clean(value) * 100)


#: Fields that only some kinds of card have.
OF_KIND = {
    Plan.SESSIONS: {"sessions", "list_price_fen"},
    Plan.STORED_VALUE: {"bonus_fen", "visit_price_fen", "lowest_item_fen"},
    Plan.DISCOUNT: {"discount_bp", "list_price_fen"},
    Plan.PERIOD: set(),
    Plan.COURSE: {"sessions", "list_price_fen"},
}
#: Fields of a period card that is paid month by month, and those that follow from it.
MONTHLY, FOLLOWS = {"months"}, {"days"}
#: Clauses about money that is prepaid, which a visit that is paid afterwards has no use for.
OF_PREPAID = {"risk_warning", "gift_terms", "change_terms", "loss_terms"}
#: Of a visit that is paid afterwards everything but the price follows.
AFTER_USE: set[str] = set()
#: What a field is called and explained for a kind that reads it otherwise.
OTHER_WORDS: "dict[Plan, dict[str, tuple[_StrPromise, _StrPromise | str]]]" = {
    Plan.DISCOUNT: {
        "list_price_fen": (
            _("List price of a usual visit (yuan)"),
            _(
                "What a usual visit costs without the card. A charge up to its discounted price is final when the customer's "
                "code is scanned; more waits for their confirmation."
            ),
        ),
    },
    Plan.COURSE: {
        "sessions": (_("Number of lessons"), ""),
        "list_price_fen": (
            _("List price of one lesson (yuan)"),
            _("What one lesson costs by itself. A refund for the holder's own reasons counts lessons at this price."),
        ),
    },
}


class ProductForm(forms.Form):
    """What a merchant enters for one kind of card. Contract clauses start with the standard ones."""

    name = forms.CharField(label=_("Name of the product"), max_length=80)
    price_fen = YuanField(label=_("Price (yuan)"))
    bonus_fen = YuanField(label=_("Gift money on top (yuan)"), required=False)
    discount_bp = PercentField(
        label=_("The customer pays of the list price (%)"),
        help_text=_("80 for a card that takes 20 % off. The sum is rounded down to the fen in the customer's favour."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    sessions = forms.IntegerField(label=_("Number of sessions"), min_value=1)
    list_price_fen = YuanField(
        label=_("List price of one visit (yuan)"),
        help_text=_(
            "What one visit costs without a card. A refund for the holder's own reasons counts uses at this price."
        ),
    )
    visit_price_fen = YuanField(
        label=_("Price of a usual visit (yuan)"),
        help_text=_(
            "A charge up to this sum is final when the customer's code is scanned; more waits for their confirmation."
        ),
    )
    lowest_item_fen = YuanField(
        label=_("Lowest-priced item (yuan)"),
        help_text=_("Once the balance is below this, the customer may have it back."),
    )
    months = forms.IntegerField(
        label=_("At most so many months"),
        min_value=LEAST_MONTHS,
        max_value=MOST_MONTHS,
        help_text=_(
            "So long you keep the price. The customer pays one month at a time and may end before any next one; a month is as "
            "long as the longest of the calendar."
        ),
    )
    days = forms.IntegerField(label=_("Valid for (days)"), min_value=1)
    stores = forms.MultipleChoiceField(label=_("Redeemed at"), widget=forms.CheckboxSelectMultiple)
    service = forms.CharField(
        label=_("Service"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the customer gets: content, length, by whom."),
    )

    def __init__(
        self,
        *args: Any,
        kind: Plan,
        monthly: bool = False,
        after_use: bool = False,
        merchant_id: int,
        version: ProductVersion | None = None,
        **kwargs: Any,
    ) -> None:
        self.kind = kind
        self.after_use = after_use
        self.figures = MONTHLY if monthly else AFTER_USE if after_use else OF_KIND[kind]
        kwargs["initial"] = self._initial(kind, version, after_use=after_use)
        super().__init__(*args, **kwargs)
        for name in set().union(MONTHLY, *OF_KIND.values()) - self.figures | (
            FOLLOWS if monthly or after_use else set()
        ):
            del self.fields[name]
        if monthly:
            self.fields["price_fen"].label = _("Price of one month (yuan)")
        if after_use:
            self.fields["price_fen"].label = _("Price of one visit (yuan)")
        for name, words in OTHER_WORDS.get(kind, {}).items():
            self.fields[name].label, self.fields[name].help_text = words
        stores = stores_of(merchant_id).filter(is_open=True)
        self.fields["stores"].choices = [(str(store.pk), store.name) for store in stores]  # type: ignore[attr-defined]  # a choice field
        if kind != Plan.PERIOD and not after_use:
            self.fields["days"].required = False
            self.fields["days"].help_text = _("Empty: the card does not expire.")
        for clause in CLAUSES:
            if clause != "service" and not (after_use and clause in OF_PREPAID):
                label = capfirst(ProductVersion._meta.get_field(clause).verbose_name)  # type: ignore[union-attr]  # a column, not a relation
                widget = forms.Textarea(attrs={"rows": 3})
                self.fields[clause] = forms.CharField(label=label, max_length=2000, widget=widget)

    @property
    def clause_fields(self) -> list[forms.BoundField]:
        """The contract's clauses."""
        return [self[clause] for clause in CLAUSES if clause != "service" and clause in self.fields]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """Everything else."""
        return [self[name] for name in self.fields if name == "service" or name not in CLAUSES]

    @property
    def draft(self) -> Draft:
        """The verb's input. A standard clause is left out: the verb puts in the one that fits the figures."""
        typed = self.cleaned_data
        clauses = {
            clause: typed[clause]
            for clause in CLAUSES
            if clause != "service" and clause in typed and not standard_clauses.is_standard(typed[clause])
        }
        figures = {name: typed.get(name) for name in self.figures - {"bonus_fen"}}
        return Draft(
            name=typed["name"],
            kind=self.kind,
            price_fen=typed["price_fen"],
            bonus_fen=typed.get("bonus_fen") or 0,
            days=typed.get("days"),
            store_ids=[int(pk) for pk in typed["stores"]],
            service=typed["service"],
            clauses=clauses,
            after_use=self.after_use,
            **figures,
        )

    @staticmethod
    def _initial(kind: Plan, version: ProductVersion | None, *, after_use: bool) -> dict[str, Any]:
        if version is None:
            has_gift = kind == Plan.STORED_VALUE
            return dict(standard_clauses.for_card(kind, has_gift=has_gift, after_use=after_use))
        initial = {clause: getattr(version, clause) for clause in CLAUSES}
        for name in ("price_fen", "bonus_fen", "list_price_fen", "visit_price_fen", "lowest_item_fen"):
            fen = getattr(version, name)
            initial[name] = yuan(fen) if fen else ""
        if version.discount_bp is not None:
            initial["discount_bp"] = percent(version.discount_bp).removesuffix("%")
        stores = [str(pk) for pk in version.stores.values_list("pk", flat=True)]
        return initial | {
            "name": version.product.name,
            "sessions": version.sessions,
            "days": version.days,
            "months": version.months,
            "stores": stores,
        }


class ReturnForm(forms.Form):
    """Why a filing goes back."""

    reason = forms.CharField(
        label=_("What has to be changed"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The merchant reads this sentence."),
    )


class YuanOrNothingField(YuanField):
    """Yuan that may be none at all: empty and 0 clean to 0."""

    def clean(self, value: Any) -> int:
        """Fen, from 0."""
        if NOTHING.fullmatch(unicodedata.normalize("NFKC", str(value or "")).strip()):
            return 0
        return super().clean(value) or 0


class CountField(forms.IntegerField):
    """A whole number that people may leave empty for none."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        super().__init__(**{"min_value": 0, "max_value": MOST_COUNTED, "widget": widget, **kwargs})


#: Not a rule: more of anything is a slip of the finger.
MOST_COUNTED = 1_000_000
NOTHING = re.compile(r"[¥]?\s*0*(\.0{1,2})?")
#: The calculator's questions for each kind of card, by the name they have in the address: what the engine calls it, and the field.
ASKED: "dict[CardKind, dict[str, tuple[str, Callable[[], forms.Field]]]]" = {
    CardKind.SESSIONS: {
        "paid": ("paid_fen", lambda: YuanField(label=_("Price paid (yuan)"))),
        "sessions": ("sessions", lambda: CountField(label=_("Sessions or lessons in all"), min_value=1)),
        "used": ("used_sessions", lambda: CountField(label=_("of them used"), required=False)),
        "list_price": (
            "list_price_fen",
            lambda: YuanOrNothingField(
                label=_("List price of one visit (yuan)"),
                required=False,
                help_text=_("What one visit costs without a card. It counts only if you changed your mind."),
            ),
        ),
    },
    CardKind.STORED_VALUE: {
        "paid": ("paid_fen", lambda: YuanField(label=_("Money paid (yuan)"))),
        "gift": (
            "gift_fen",
            lambda: YuanOrNothingField(
                label=_("Gift money on top (yuan)"),
                required=False,
                help_text=_("“Pay 1,000, get 200”: 200."),
            ),
        ),
        "used": (
            "used_face_fen",
            lambda: YuanOrNothingField(
                label=_("Spent so far (yuan)"),
                required=False,
                help_text=_("Of both together, as the till deducted it."),
            ),
        ),
        "lowest_item": (
            "lowest_item_fen",
            lambda: YuanField(
                label=_("Lowest-priced item (yuan)"),
                required=False,
                help_text=_("A balance that buys nothing any more is returned."),
            ),
        ),
    },
    CardKind.DISCOUNT: {
        "paid": ("paid_fen", lambda: YuanField(label=_("Money paid (yuan)"))),
        "used": (
            "used_face_fen",
            lambda: YuanOrNothingField(label=_("Spent so far, after the discount (yuan)"), required=False),
        ),
        "used_list": (
            "used_list_fen",
            lambda: YuanOrNothingField(
                label=_("The same at list prices (yuan)"),
                required=False,
                help_text=_("What it would have cost without the card. It counts only if you changed your mind."),
            ),
        ),
    },
    CardKind.PERIOD: {
        "paid": ("paid_fen", lambda: YuanField(label=_("Price paid (yuan)"))),
        "days": ("days", lambda: CountField(label=_("Days in all"), min_value=1, help_text=_("A year: 365."))),
        "used": ("used_days", lambda: CountField(label=_("Days that have passed"), required=False)),
        "stopped_after": (
            "stopped_after_days",
            lambda: CountField(
                label=_("Served for (days)"),
                required=False,
                help_text=_("If the shop has stopped: after how many days. What came after does not count."),
            ),
        ),
    },
}


class CardDayField(forms.DateField):
    """A day on which there may be such a card."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = [MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2100, 12, 31))]
        super().__init__(required=False, widget=DayInput, validators=bounds, **kwargs)


class CalculatorForm(forms.Form):
    """The facts of a card as its holder knows them; all of them stand in the address."""

    bought_on = CardDayField(label=_("Bought on"), help_text=_("For the cooling-off period of seven days."))
    requested_on = CardDayField(label=_("Refund asked for on"), help_text=_("Empty: today."))
    knew_service = forms.BooleanField(label=_("I had used this very service there before I paid"), required=False)
    contract = YuanOrNothingField(
        label=_("What the contract itself would give back (yuan)"),
        required=False,
        help_text=_("If it says so. It counts where it is more than the law gives."),
    )
    cause = forms.ChoiceField(
        label=_("Why do you want it back?"),
        widget=forms.RadioSelect,
        choices=[
            (
                Cause.OPERATOR.value,
                _("The merchant closed, moved, stopped or changed the service, or did not keep the contract"),
            ),
            (Cause.NEITHER.value, _("Neither of us, for example illness or moving away")),
            (Cause.CONSUMER.value, _("I changed my mind")),
        ],
    )

    def __init__(self, *args: Any, kind: CardKind, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.today = kind, today
        for name, (_known, field) in ASKED[kind].items():
            self.fields[name] = field()
        self.order_fields([*ASKED[kind], "bought_on", "requested_on", "knew_service", "contract", "cause"])

    def clean(self) -> dict[str, Any]:
        """With ``facts`` for the engine; what it refuses stands beside the field it names."""
        typed = super().clean() or {}
        if self.errors:
            return typed
        figures = {known: typed[name] for name, (known, _field) in ASKED[self.kind].items()}
        optional = {"lowest_item_fen", "stopped_after_days"}
        figures = {known: figure if known in optional else figure or 0 for known, figure in figures.items()}
        try:
            typed["facts"] = RefundFacts(
                kind=self.kind,
                cause=typed["cause"],
                bought_on=typed["bought_on"],
                requested_on=typed["requested_on"] or self.today,
                knew_service=typed["knew_service"],
                contract_fen=typed["contract"] or None,
                **figures,
            )
        except BadFacts as error:
            names = {known: name for name, (known, _field) in ASKED[self.kind].items()}
            field = names.get(error.field or "", error.field)
            self.add_error(field if field in self.fields else None, str(error))
        return typed
