"""What is kept of somebody, answered to ``prepaid.people``."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from complaints.warnings.models import ShutReport
from prepaid.people.models import User
from prepaid.people.queries import Rows, sheet
from prepaid.people.signals import copy_taken


@receiver(copy_taken, dispatch_uid="warnings_copy")
def answer_copy(user: User, **kwargs: Any) -> dict[str, Rows]:
    """The shops that the person said are shut."""
    said = ShutReport.objects.filter(holder=user).select_related("store", "merchant").order_by("pk")
    rows = ((one.reported_at, one.merchant.name, one.store.name, one.words) for one in said)
    return {_("Shops said to be shut"): sheet([_("When"), _("Merchant"), _("Store"), _("In your words")], rows)}
