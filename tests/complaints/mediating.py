"""Mediations for tests, through the app's own verbs."""

from complaints.cases import operations
from complaints.cases.models import Case, Mediation
from complaints.cases.states import Manner
from tests.complaints.factories import AT


def record(**facts) -> operations.Record:
    """An agreement on 1,000 yuan out of custody, but for ``facts``."""
    usual = {
        "held_at": AT,
        "place": "朝阳区商务局三层调解室",
        "manner": Manner.IN_PERSON,
        "consumer_by": "李小明",
        "merchant_by": "张老板（法定代表人）",
        "consumer_said": "卡里还剩十次，我要退钱。",
        "merchant_said": "愿意退一部分。",
        "custody_fen": 100_000,
    }
    return operations.Record(**{**usual, **facts})


def recorded(case: Case, *, at=AT, **facts) -> Mediation:
    return operations.record_mediation(
        number=case.number, officer=_lead(case), record=record(**{"held_at": at, **facts}), at=at
    )


def agreed(case: Case, *, at=AT, **facts) -> Mediation:
    """Both sides have confirmed."""
    sha256 = recorded(case, at=at, **facts).sha256
    operations.confirm_as_consumer(number=case.number, complainant=case.complainant, sha256=sha256, at=at)
    boss = case.merchant.staff.get()
    return operations.confirm_as_merchant(number=case.number, staff=boss, sha256=sha256, at=at)


def _lead(case: Case):
    return Case.objects.get(pk=case.pk).lead_officer
