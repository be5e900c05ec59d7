from escrow.models.agreement import Agreement, Beneficiary
from escrow.models.approval import Approval, ApprovalRule
from escrow.models.audit import AuditEntry
from escrow.models.calendar import BusinessClock, WorkingDay
from escrow.models.encrypted import EncryptedTextField, blind_index
from escrow.models.hold import PayoutHold
from escrow.models.ledger import Account, Command, Transfer
from escrow.models.payment import Instruction, Payment, Payout, PayoutLine, Refund, StatementLine
from escrow.models.proof import Block, DailyRoot, DailyTotal
from escrow.models.use import Use

__all__ = [
    "Account",
    "Agreement",
    "AuditEntry",
    "Approval",
    "ApprovalRule",
    "Beneficiary",
    "Block",
    "BusinessClock",
    "Command",
    "DailyRoot",
    "DailyTotal",
    "EncryptedTextField",
    "Instruction",
    "Payment",
    "Payout",
    "PayoutLine",
    "Refund",
    "StatementLine",
    "Transfer",
    "PayoutHold",
    "Use",
    "WorkingDay",
    "blind_index",
]
