"""Every refusal says what to do next: its sentence tells the reader to do something."""

import re

import pytest
from django.utils.translation import override

from escrow.errors import DomainError

#: How a sentence begins, or goes on after a colon or a comma, that tells somebody what to do.
TO_DO = re.compile(
    r"(^|[.:;,] |\b(and|then|or|to) )"
    r"(Add|Agree|Ask|Charge|Check|Choose|Compare|Confirm|Copy|Correct|End|Enter|Fill in|Finish|Have|Import|Leave|Load|Look|Make|Name|Open"
    r"|Please|Read|Refuse|Reload|Run|Save|Say|Scan|Send|Sign|Take|Tell|Tick|Try|Use|Wait|Withdraw|Write"
    r"|agree|ask|buy|check|choose|copy|follow|look|open|please|reload|sign in|submit|try|wait)\b"
)


def refusals(of: type[DomainError] = DomainError) -> list[type[DomainError]]:
    """Every class of refusal that says something of its own."""
    below = [found for kind in of.__subclasses__() for found in refusals(kind)]
    return below if "message" not in of.__dict__ else [of, *below]


def test_the_refusals_of_every_app_are_known():
    packages = {kind.__module__.rpartition(".")[0] for kind in refusals()}
    assert packages >= {"escrow", "prepaid.cards", "prepaid.merchants", "prepaid.backoffice", "complaints.cases"}


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_it_says_what_to_do_next(kind):
    with override("en"):
        assert TO_DO.search(str(kind.message)), kind.message
    with override("zh-hans"):
        assert "请" in str(kind.message), kind.message


def test_a_sentence_that_only_states_is_noticed():
    assert not TO_DO.search("This charge was already undone.")
    assert not TO_DO.search("Only who asked can withdraw the request.")
