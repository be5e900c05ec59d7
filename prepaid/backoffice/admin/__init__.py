"""The operators' list of open matters and the pages behind its buttons; reconciliation with the banks."""

from prepaid.backoffice.admin.claims import ClaimAdmin, LegalHoldAdmin, ReserveRuleAdmin
from prepaid.backoffice.admin.matters import MatterAdmin
from prepaid.backoffice.admin.reconciliation import BankFileAdmin, TieOutAdmin

__all__ = ["BankFileAdmin", "ClaimAdmin", "LegalHoldAdmin", "MatterAdmin", "ReserveRuleAdmin", "TieOutAdmin"]
