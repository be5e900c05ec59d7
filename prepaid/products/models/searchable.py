"""What the public search looks at: one row for each merchant that sells something now."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from prepaid.merchants.models import Merchant


class Searchable(models.Model):
    """A merchant with something on sale in an open store. The database keeps it (migration 0057): nobody writes it.

    ``document``: the name, the sector and, of each open store, name, address and district, a line each, in lower case.
    ``tokens``: every character and every pair of neighbours in it, ``sector:…`` and ``district:…``. Two characters are a
    whole word in Chinese, so an index of threes would find nothing.
    """

    merchant = models.OneToOneField(Merchant, models.PROTECT, primary_key=True, related_name="searchable")
    document = models.TextField()
    tokens = ArrayField(models.TextField())

    class Meta:
        indexes = [GinIndex(fields=["tokens"], name="searchable_tokens", fastupdate=False)]

    def __str__(self) -> str:
        return str(self.pk)
