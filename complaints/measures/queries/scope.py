"""Who may read which measures. Another's do not exist for them."""

from dataclasses import dataclass

from prepaid.merchants.models import Sector
from prepaid.people.models import Post, User

#: The sector whose lead department coordinates for the whole city.
COORDINATED_BY = "undetermined"


@dataclass(frozen=True)
class Scope:
    """A district's measures, a department's, or (neither named) the whole city's."""

    district: str | None = None
    department: str | None = None

    @property
    def is_city(self) -> bool:
        """Everything."""
        return self.district is None and self.department is None

    @property
    def filters(self) -> dict[str, str]:
        """Of cells."""
        both = {"district_id": self.district, "department_id": self.department}
        return {name: code for name, code in both.items() if code is not None}


def scope_of(user: User) -> Scope | None:
    """A district's post reads its district, of all departments there; a department's post for the city its department, of all
    districts; the coordinator's post for the city and the platform's operators everything; anybody else nothing (None)."""
    if not user.is_active or not user.is_staff:
        return None
    if user.is_platform_operator:
        return Scope()
    return scope_of_post(user.post) if user.post else None


def scope_of_post(post: Post) -> Scope:
    """As ``scope_of``."""
    if post.district_id is not None:
        return Scope(district=post.district_id)
    if Sector.objects.filter(code=COORDINATED_BY, lead_department_id=post.department_id).exists():
        return Scope()
    return Scope(department=post.department_id)
