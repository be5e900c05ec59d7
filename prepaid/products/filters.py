"""The public search, kept in the address."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models import Sector
from prepaid.merchants.queries import districts, sectors
from prepaid.people.models import Division


class MerchantSearch(forms.Form):
    """What the consumer looks for; every field may be empty."""

    q = forms.CharField(label=_("Name of the merchant, store or street"), max_length=100, required=False)
    district = forms.ModelChoiceField(
        Division.objects.none(), label=_("District"), required=False, empty_label=_("All districts")
    )
    sector = forms.ModelChoiceField(
        Sector.objects.none(), label=_("Sector"), required=False, empty_label=_("All sectors")
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("district", districts(on=on)), ("sector", sectors(on=on))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = choices
