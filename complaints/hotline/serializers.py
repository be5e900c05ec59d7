"""What the work-order API takes and gives: the columns of the files, and the shape of the results."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from complaints.hotline.columns import URGENCY, WANTED


class Text(serializers.CharField):
    """Text or a number, as files have it; what it may be is said by the reader of the files."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **kwargs)


class OrderBody(serializers.Serializer[Any]):
    """One work order."""

    number = Text(help_text="the number in the sending system")
    received_at = Text(
        help_text="when the hotline received it, ISO 8601; without an offset Beijing time. Terms run from here"
    )
    caller = Text(required=False, default="", help_text="the person's name")
    phone = Text(help_text="a mobile number; the person finds the complaint by it")
    merchant = Text(help_text="whom the money was paid to, at most 100 characters")
    address = Text(required=False, default="", help_text="where, at most 200 characters")
    lng = Text(required=False, default="", help_text="degrees, GCJ-02")
    lat = Text(required=False, default="", help_text="degrees, GCJ-02")
    matter = Text(required=False, default="", help_text="a heading, at most 100 characters")
    text = Text(help_text="what happened; with the heading at most 2,000 characters")
    paid = Text(required=False, default="", help_text="yuan")
    left = Text(required=False, default="", help_text="what is wanted back, yuan")
    wanted = Text(required=False, default="", help_text=f"{', '.join(WANTED)}; without it refund")
    urgency = Text(required=False, default="", help_text=f"{', '.join(URGENCY)}; without it normal")

    def validate(self, attrs: Any) -> Any:
        """A field that is none is a mistake."""
        unknown = _("There is no such field. Take it out, or correct its name.")
        if wrong := set(self.initial_data) - set(self.fields):
            raise serializers.ValidationError({name: [unknown] for name in sorted(wrong)})
        return attrs


class ResultAnswer(serializers.Serializer[Any]):
    """A work order and where it stands, as in the export."""

    system = serializers.CharField()
    number = serializers.CharField()
    received_at = serializers.DateTimeField()
    case = serializers.CharField(help_text="the complaint here")
    joined = serializers.BooleanField(help_text="it was added to the same person's undecided complaint")
    urgency = serializers.CharField()
    authority = serializers.CharField(help_text="who is responsible; empty until it was dispatched")
    dispatched_at = serializers.DateTimeField(allow_null=True)
    due_on = serializers.DateField()
    first_contact_at = serializers.DateTimeField(allow_null=True)
    state = serializers.CharField(
        help_text="received, dispatched, in_hand, executing, closed, withdrawn, settled",
    )
    result = serializers.CharField(help_text="upheld, not_upheld, or empty", allow_blank=True)
    amount = serializers.CharField(help_text="yuan", allow_blank=True)
    closing_text = serializers.CharField(allow_blank=True)
    closed_at = serializers.DateTimeField(allow_null=True)
