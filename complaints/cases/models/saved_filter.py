"""A search of the queue that an officer has given a name."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField

NAME_LENGTH = 30


class SavedFilter(models.Model):
    """``query`` is what stands behind the ``?`` of the queue's address; it may hold somebody's telephone number."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    query = EncryptedTextField(_("search and filters"), max_length=400)
    is_default = models.BooleanField(_("the queue opens with it"), default=False)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="saved_filter_name_once", fields=["owner", "name"]),
            models.UniqueConstraint(name="saved_filter_one_default", fields=["owner"], condition=Q(is_default=True)),
            models.CheckConstraint(name="saved_filter_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
