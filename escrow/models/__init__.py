from escrow.models.accrual import Accrual, AccrualRule, Pause
from escrow.models.agreement import Agreement, Beneficiary
from escrow.models.approval import Approval, ApprovalRule
from escrow.models.assignment import Assignment
from escrow.models.audit import AuditEntry
from escrow.models.calendar import BusinessClock, WorkingDay
from escrow.models.claim import Claim, ClaimPayment, LegalHold, ReserveRule
from escrow.models.early import EarlyRelease, EarlyReleaseRule
from escrow.models.encrypted import EncryptedBinaryField, EncryptedTextField, blind_index
from escrow.models.hold import PayoutHold
from escrow.models.ledger import Account, Transfer
from escrow.models.payment import Instruction, Payment, Payout, PayoutLine, Refund
from escrow.models.proof import Block, DailyRoot, DailyTotal
from escrow.models.statement import (
    BankFile,
    BankFormat,
    ChannelBillLine,
    ClearingAlarm,
    InstructionBatch,
    InstructionBatchLine,
    Statement,
    StatementLine,
    TieOut,
)
from escrow.models.stoppage import Stoppage
from escrow.models.use import Use

__all__ = [
    "Account",
    "Accrual",
    "AccrualRule",
    "Agreement",
    "Approval",
    "ApprovalRule",
    "Assignment",
    "AuditEntry",
    "BankFile",
    "BankFormat",
    "Beneficiary",
    "Block",
    "BusinessClock",
    "ChannelBillLine",
    "Claim",
    "ClaimPayment",
    "ClearingAlarm",
    "DailyRoot",
    "DailyTotal",
    "EarlyRelease",
    "EarlyReleaseRule",
    "EncryptedBinaryField",
    "EncryptedTextField",
    "Instruction",
    "InstructionBatch",
    "InstructionBatchLine",
    "LegalHold",
    "Pause",
    "Payment",
    "Payout",
    "PayoutHold",
    "PayoutLine",
    "Refund",
    "ReserveRule",
    "Statement",
    "StatementLine",
    "Stoppage",
    "TieOut",
    "Transfer",
    "Use",
    "WorkingDay",
    "blind_index",
]
