from prepaid.merchants.models.closing import Closing, ClosingKind
from prepaid.merchants.models.custody import CustodyRule, Rating
from prepaid.merchants.models.existing import ExistingCard, ExistingCardRule, FundingPlan, Instalment
from prepaid.merchants.models.handover import Handover
from prepaid.merchants.models.invited import Invitation, InvitedMerchant
from prepaid.merchants.models.merchant import Merchant, StaffMember, StaffRole, Store
from prepaid.merchants.models.pin import CounterPin
from prepaid.merchants.models.sector import Mark, Sector, SectorRule
from prepaid.merchants.models.standing import Listing, ListKind

__all__ = [
    "Closing",
    "ClosingKind",
    "CounterPin",
    "CustodyRule",
    "ExistingCard",
    "ExistingCardRule",
    "FundingPlan",
    "Handover",
    "Instalment",
    "Invitation",
    "InvitedMerchant",
    "ListKind",
    "Listing",
    "Mark",
    "Merchant",
    "Rating",
    "Sector",
    "SectorRule",
    "StaffMember",
    "StaffRole",
    "Store",
]
