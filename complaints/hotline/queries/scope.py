"""Who runs the hotline's imports and exports: city posts of the coordinator, and the platform's operators."""

from complaints.cases.operations import UNDETERMINED
from complaints.hotline.models import WorkOrderFile
from escrow.errors import NotFound
from escrow.once import once
from prepaid.merchants.models import Sector
from prepaid.people.errors import NotAllowed
from prepaid.people.models import User


def runs_hotline(user: User) -> bool:
    """Whether the user may import and export work orders. The coordinator is who places cases that nobody can (市场监管)."""
    if not user.is_active or not user.is_staff:
        return False
    if user.is_platform_operator:
        return True
    if user.post is None or not user.post.is_citywide:
        return False
    return once(("coordinator",), _coordinator) == user.post.department_id


def _coordinator() -> str | None:
    return Sector.objects.filter(code=UNDETERMINED).values_list("lead_department_id", flat=True).first()


def check_runs_hotline(user: User) -> None:
    """Raises ``NotAllowed``."""
    if not runs_hotline(user):
        raise NotAllowed()


def file_for(*, user: User, file_id: int) -> WorkOrderFile:
    """Raises ``NotFound``: there is none, or not for this user."""
    if not runs_hotline(user):
        raise NotFound()
    file = WorkOrderFile.objects.filter(pk=file_id).first()
    if file is None:
        raise NotFound()
    return file
