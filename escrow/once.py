"""What does not change while a page is made is asked once, however many of its parts ask. Nothing is kept beyond the page."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Answer = TypeVar("Answer")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("what this page has asked", default=None)


@contextmanager
def one_page() -> Iterator[None]:
    """Inside, answers are kept; inside another, they are that one's. For pages that only read."""
    kept = _answers.get()
    token = _answers.set({} if kept is None else kept)
    try:
        yield
    finally:
        _answers.reset(token)


def once(question: Hashable, ask: Callable[[], Answer]) -> Answer:
    """The answer that this page has had to the same question, else a new one; what ``ask`` raises is asked again."""
    answers = _answers.get()
    if answers is None:
        return ask()
    if question not in answers:
        answers[question] = ask()
    answer: Answer = answers[question]
    return answer
