"""A purchase that the till prepares: the customer reads, accepts and pays on her own phone. The link names the product and who
prepared it, and grants nothing: whoever opens it buys, or does not, like everybody."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from escrow import audit
from escrow.money import yuan
from prepaid.merchants.models import StaffMember
from prepaid.notices import operations as notices
from prepaid.notices.models import Message
from prepaid.products.models import ProductVersion

_SALT = "cards.prepared"
#: So long a link says who prepared it; afterwards it opens the same page without saying so [A].
LASTS = timedelta(hours=2)


def prepared_address(*, staff: StaffMember, version: ProductVersion) -> str:
    """The page of buying on the customer's own phone, in full."""
    token = signing.dumps([version.pk, staff.pk], salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('buy', args=[version.pk])}?by={token}"


def preparer_of(*, token: str, version: ProductVersion) -> StaffMember | None:
    """Who prepared this purchase; None when the link is old, of another product or not ours, or they have left."""
    try:
        version_id, staff_id = signing.loads(token, salt=_SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if version_id != version.pk:
        return None
    works_there = StaffMember.objects.filter(merchant_id=version.product.merchant_id, is_active=True)
    return works_there.select_related("user", "store").filter(pk=staff_id).first()


def send_prepared(*, staff: StaffMember, version: ProductVersion, phone: str, at: datetime, actor: str) -> Message:
    """The link by SMS. The caller has counted how many were sent. Raises ``InvalidPhone``, ``SmsUnavailable``."""
    words = (
        _(
            "%(merchant)s asks for ¥%(price)s for “%(product)s”, which you were given. Pay on your own phone: %(url)s Were you not served, "
            "do not pay."
        )
        if version.after_use
        else _(
            "%(merchant)s prepared “%(product)s” (¥%(price)s) for you. Read the contract and decide on your own phone: %(url)s "
            "Nothing is bought before you accept and pay there."
        )
    )
    text = words % {
        "merchant": version.product.merchant.name,
        "product": version.product.name,
        "price": yuan(version.price_fen),
        "url": prepared_address(staff=staff, version=version),
    }
    message = notices.send_sms(phone=phone, text=text, kind="cards.prepared", useful_for=LASTS, at=at)
    audit.record(actor=actor, action="cards.send_prepared", target=f"product_version:{version.pk}", at=at)
    return message
