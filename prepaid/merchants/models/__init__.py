from prepaid.merchants.models.custody import CustodyRule, Rating
from prepaid.merchants.models.merchant import Merchant, StaffMember, StaffRole, Store
from prepaid.merchants.models.sector import Sector, SectorRule

__all__ = ["CustodyRule", "Merchant", "Rating", "Sector", "SectorRule", "StaffMember", "StaffRole", "Store"]
