from prepaid.people.models.places import Department, Division, DivisionLevel
from prepaid.people.models.post import Post
from prepaid.people.models.user import DIGEST, EmailWish, User, masked_name

__all__ = ["DIGEST", "Department", "Division", "DivisionLevel", "EmailWish", "Post", "User", "masked_name"]
