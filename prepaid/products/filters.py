"""The public search, kept in the address."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.queries import places_and_sectors


class MerchantSearch(forms.Form):
    """What the consumer looks for; every field may be empty."""

    q = forms.CharField(label=_("Name of the merchant, store or street"), max_length=100, required=False)
    district = forms.ChoiceField(label=_("District"), required=False)
    sector = forms.ChoiceField(label=_("Sector"), required=False)

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = places_and_sectors(on=on)
        for name, blank in (("district", _("All districts")), ("sector", _("All sectors"))):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", blank), *codes[name]]
