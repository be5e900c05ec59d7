from prepaid.merchants.models.closing import Closing, ClosingKind
from prepaid.merchants.models.custody import CustodyRule, Rating
from prepaid.merchants.models.invited import Invitation, InvitedMerchant
from prepaid.merchants.models.merchant import Merchant, StaffMember, StaffRole, Store
from prepaid.merchants.models.sector import Sector, SectorRule
from prepaid.merchants.models.standing import Listing, ListKind

__all__ = [
    "Closing",
    "ClosingKind",
    "CustodyRule",
    "Invitation",
    "InvitedMerchant",
    "ListKind",
    "Listing",
    "Merchant",
    "Rating",
    "Sector",
    "SectorRule",
    "StaffMember",
    "StaffRole",
    "Store",
]
