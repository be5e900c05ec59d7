"""What the hotline's pages ask for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.hotline.operations.files import MOST_BYTES, MOST_LINES
from complaints.hotline.states import System


class UploadForm(forms.Form):
    """A file of one system."""

    system = forms.ChoiceField(label=_("System"), choices=System)
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("CSV or JSON in UTF-8 or GB 18030, at most %(lines)s lines and %(megabytes)s MB.")
        % {"lines": f"{MOST_LINES:,}", "megabytes": MOST_BYTES >> 20},
    )
    unknown = forms.ChoiceField(
        label=_("Columns that are not known here"),
        choices=[("refuse", _("refuse the file and name them")), ("leave_out", _("leave them out"))],
    )


class ExportForm(forms.Form):
    """A period of one system or of all."""

    system = forms.ChoiceField(label=_("System"), choices=[("", _("all")), *System.choices], required=False)
    first = forms.DateField(label=_("Received from"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("to"), widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(label=_("Format"), choices=[("csv", "CSV"), ("json", "JSON")])


class KeyForm(forms.Form):
    """A new key."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Who uses it, and for what."))
    system = forms.ChoiceField(label=_("System"), choices=System)
    per_minute = forms.IntegerField(label=_("Requests a minute"), min_value=1, initial=600)
    valid_until = forms.DateField(
        label=_("Valid until"), widget=forms.DateInput(attrs={"type": "date"}), help_text=_("At most two years ahead.")
    )


class RevokeForm(forms.Form):
    """Nothing to fill in."""
