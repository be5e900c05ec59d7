"""A file of work orders as it was read, and each of its lines: the queue from which they are taken."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.cases.models import Case
from complaints.hotline.states import WITH_A_CASE, FileState, LineState, System
from escrow.models import EncryptedTextField


class WorkOrderFile(models.Model):
    """``turn`` is the baton of its import: only the task that carries it goes on, so there is one at a time; ``moved_at`` is when it
    last did. ``left_out``: columns that nobody knew."""

    system = models.CharField(_("system"), max_length=16, choices=System)
    name = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField("SHA-256", max_length=64)
    left_out = models.JSONField(_("columns left out"), default=list)
    state = models.CharField(_("state"), max_length=12, choices=FileState, default=FileState.READ)
    lines_count = models.PositiveIntegerField(_("lines"))
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("read by"))
    read_at = models.DateTimeField(pgettext_lazy("work orders", "read"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed or discarded by"),
    )
    decided_at = models.DateTimeField(_("confirmed or discarded"), null=True, blank=True)
    done_at = models.DateTimeField(_("finished"), null=True, blank=True)
    turn = models.PositiveIntegerField(default=0, editable=False)
    moved_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("file of work orders")
        verbose_name_plural = _("files of work orders")
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], condition=Q(state=FileState.TAKING), name="work_order_file_taking")]
        constraints = [
            models.CheckConstraint(name="work_order_file_system_known", condition=Q(system__in=System.values)),
            models.CheckConstraint(name="work_order_file_state_known", condition=Q(state__in=FileState.values)),
            models.UniqueConstraint(
                name="work_order_file_once", fields=["system", "sha256"], condition=~Q(state=FileState.DISCARDED)
            ),
            models.CheckConstraint(
                name="work_order_file_decided_by_somebody",
                condition=Q(state=FileState.READ, decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state=FileState.READ) & Q(decided_by__isnull=False, decided_at__isnull=False))
                # Nobody confirmed it in time.
                | Q(state=FileState.DISCARDED, decided_by__isnull=True, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="work_order_file_done_has_its_end",
                condition=Q(state=FileState.DONE, done_at__isnull=False)
                | (~Q(state=FileState.DONE) & Q(done_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkOrderLine(models.Model):
    """``content``: the order as JSON, while it waits to be taken and no longer; personal data, encrypted. ``problems``: pairs of column
    and kind (``lines.PROBLEMS``). ``row``: where it stands in the file."""

    file = models.ForeignKey(WorkOrderFile, models.PROTECT, related_name="lines")
    row = models.PositiveIntegerField(_("line"))
    number = models.CharField(_("number"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=LineState)
    content = EncryptedTextField(blank=True, default="")
    problems = models.JSONField(default=list)
    #: How often it could not be taken for a reason that nobody foresaw.
    tries = models.PositiveSmallIntegerField(default=0)
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("complaint"))

    class Meta:
        verbose_name = _("line of work orders")
        verbose_name_plural = _("lines of work orders")
        ordering = ["id"]
        indexes = [models.Index(fields=["file", "state", "tries", "id"], name="work_order_line_queue")]
        constraints = [
            models.UniqueConstraint(name="work_order_line_once", fields=["file", "row"]),
            models.CheckConstraint(name="work_order_line_state_known", condition=Q(state__in=LineState.values)),
            models.CheckConstraint(
                name="work_order_line_new_has_content",
                condition=(Q(state=LineState.NEW) & ~Q(content="")) | (~Q(state=LineState.NEW) & Q(content="")),
            ),
            models.CheckConstraint(
                name="work_order_line_taken_has_its_case",
                condition=~Q(state__in=sorted(WITH_A_CASE)) | Q(case__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.row} {self.number}"
