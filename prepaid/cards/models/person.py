"""Who is around a card: the child it is for, and the people on it besides its holder."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.cards.models.card import Card
from prepaid.cards.states import PersonEnd, PersonRole, PersonState
from prepaid.notices import phones


class Relation(models.TextChoices):
    """What the child is to the holder."""

    CHILD = "child", _("my child")
    GRANDCHILD = "grandchild", _("my grandchild")
    WARD = "ward", _("a child in my care")


class Beneficiary(models.Model):
    """The child that a card is for: what the holder calls it, and nothing more; both are encrypted. The contract stays the
    holder's. The row goes when the holder takes the name away."""

    card = models.OneToOneField(Card, models.PROTECT, related_name="beneficiary", verbose_name=_("card"))
    name = EncryptedTextField(_("name"), max_length=20)
    relation = EncryptedTextField(_("relation"), max_length=10, choices=Relation)
    named_at = models.DateTimeField(_("named"))

    class Meta:
        verbose_name = _("child")
        verbose_name_plural = _("children")

    def __str__(self) -> str:
        return f"{self.card} #{self.pk}"

    @property
    def relation_label(self) -> str:
        """In the reader's words."""
        return str(Relation(self.relation).label)


class CardPerson(models.Model):
    """Somebody on a card besides its holder. The invited number is kept only until it is answered: then there is a user, or
    nobody. Top-ups of a card have the people of the card."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="people", verbose_name=_("card"))
    role = models.CharField(_("role"), max_length=10, choices=PersonRole)
    state = models.CharField(_("state"), max_length=10, choices=PersonState, default=PersonState.INVITED)
    phone = EncryptedTextField(_("invited number"), blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="on_cards",
        verbose_name=_("person"),
    )
    invited_at = models.DateTimeField(_("invited"))
    lapses_at = models.DateTimeField(_("invitation lapses"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end = models.CharField(_("how it ended"), max_length=10, choices=PersonEnd, blank=True, default="")

    class Meta:
        verbose_name = _("person on a card")
        verbose_name_plural = _("people on cards")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user"], condition=Q(state=PersonState.ACCEPTED), name="card_person_on"),
            models.Index(fields=["phone_index"], condition=Q(state=PersonState.INVITED), name="card_person_invited"),
            models.Index(fields=["lapses_at"], condition=Q(state=PersonState.INVITED), name="card_person_lapses"),
        ]
        constraints = [
            models.CheckConstraint(
                name="card_person_known", condition=Q(role__in=PersonRole.values, state__in=PersonState.values)
            ),
            models.CheckConstraint(
                name="card_person_is_what_it_says",
                condition=Q(state=PersonState.INVITED, user=None, accepted_at=None, ended_at=None, end="")
                & ~Q(phone_index="")
                | Q(state=PersonState.ACCEPTED, user__isnull=False, accepted_at__isnull=False, ended_at=None, end="")
                & Q(phone_index="")
                | Q(state=PersonState.ENDED, ended_at__isnull=False, phone_index="") & ~Q(end=""),
            ),
            models.CheckConstraint(
                name="card_person_number_only_while_invited",
                condition=Q(state=PersonState.INVITED) & ~Q(phone="") | ~Q(state=PersonState.INVITED) & Q(phone=""),
            ),
            models.UniqueConstraint(
                name="card_person_one_guardian",
                fields=["card"],
                condition=Q(role=PersonRole.GUARDIAN, state__in=[PersonState.INVITED, PersonState.ACCEPTED]),
            ),
            models.UniqueConstraint(
                name="card_person_once", fields=["card", "user"], condition=Q(state=PersonState.ACCEPTED)
            ),
            models.UniqueConstraint(
                name="card_person_invited_once", fields=["card", "phone_index"], condition=Q(state=PersonState.INVITED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card} {self.role} #{self.pk}"

    @property
    def shown_as(self) -> str:
        """As its holder sees them: the masked name, or the masked number while they are only invited."""
        if self.user is not None:
            return self.user.display_name
        return phones.masked(self.phone) if self.phone else "–"

    @property
    def is_invited(self) -> bool:
        return self.state == PersonState.INVITED

    @property
    def is_guardian(self) -> bool:
        return self.role == PersonRole.GUARDIAN

    def has_lapsed(self, at: datetime) -> bool:
        """Whether the invitation cannot be accepted any more."""
        return self.is_invited and at >= self.lapses_at
