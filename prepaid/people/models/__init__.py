from prepaid.people.models.places import Department, Division, DivisionLevel
from prepaid.people.models.post import Post
from prepaid.people.models.user import User, masked_name

__all__ = ["Department", "Division", "DivisionLevel", "Post", "User", "masked_name"]
