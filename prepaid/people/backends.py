"""What a role may do in the administration, beside the rules of each page."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from prepaid.people.models import User


class RoleBackend(AuthenticationBackend):
    """Platform operators may look at everything that is registered. Nothing else is granted to anybody: regulators'
    pages ask for the post (``admin_site.PostScopedAdmin``), and what may be changed each page says for itself."""

    def has_perm(self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Any = None) -> bool:
        """``perm`` is ``app.verb_model``; only the verb ``view`` is ever granted."""
        return _is_operator(user_obj) and perm.partition(".")[2].startswith("view_")

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        """Whether the app stands in the administration's list."""
        return _is_operator(user_obj)


def _is_operator(user: AbstractBaseUser | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_active and user.is_platform_operator
