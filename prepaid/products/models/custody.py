"""Whether a product's money may leave custody before it is earned, as the city's regulator has decided."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from prepaid.products.models.product import Product


class CustodyDecision(models.Model):
    """The latest one of a product holds for cards sold from then on; without any, all of the money stays in custody.
    ``minimum``: only what the rules ask for has to stay. Written once."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="custody_decisions", verbose_name=_("product"))
    minimum = models.BooleanField(_("the legal minimum is enough"))
    because = models.CharField(_("reason"), max_length=500)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("decision on custody")
        verbose_name_plural = _("decisions on custody")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.product_id} {self.decided_at:%Y-%m-%d}"
