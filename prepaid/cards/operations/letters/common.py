"""What several letters say alike."""

from django.db.models import QuerySet

from prepaid.merchants.models import StaffMember, StaffRole


def managers_of(merchant_id: int) -> QuerySet[StaffMember]:
    """Those who answer for the merchant."""
    return StaffMember.objects.filter(
        merchant_id=merchant_id, role__in=[StaffRole.OWNER, StaffRole.MANAGER], is_active=True
    ).select_related("user")
