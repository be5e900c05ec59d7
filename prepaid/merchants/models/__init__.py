from prepaid.merchants.models.merchant import Merchant, StaffMember, StaffRole, Store
from prepaid.merchants.models.sector import Sector, SectorRule

__all__ = ["Merchant", "Sector", "SectorRule", "StaffMember", "StaffRole", "Store"]
