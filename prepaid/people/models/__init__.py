from prepaid.people.models.places import Department, Division, DivisionLevel
from prepaid.people.models.post import Post
from prepaid.people.models.user import EmailWish, User, masked_name

__all__ = ["Department", "Division", "DivisionLevel", "EmailWish", "Post", "User", "masked_name"]
