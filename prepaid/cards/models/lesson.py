"""What a lesson is: a class on a day."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date


def class_key(name: str) -> str:
    """The same for the same class, however it was typed: width, case and blanks make no other class."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


@dataclass(frozen=True)
class Lesson:
    """One lesson of a class on a day."""

    name: str
    on: date

    @property
    def id(self) -> str:
        """The same for the same class and day; what it means is not escrow's business."""
        return f"{self.on.isoformat()}:{hashlib.sha256(class_key(self.name).encode()).hexdigest()[:32]}"
