"""Which rule of the score holds for a month."""

from datetime import date

from complaints.measures.models import ScoreRule


def rule_for(month: date) -> ScoreRule:
    """The latest that begins with that month or earlier; the first one for months before it."""
    rules = ScoreRule.objects.order_by("-valid_from")
    found = rules.filter(valid_from__lte=month).first() or rules.last()
    assert found is not None  # the first one comes with the migrations
    return found
