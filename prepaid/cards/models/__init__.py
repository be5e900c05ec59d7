from prepaid.cards.models.card import Card
from prepaid.cards.models.cash import CashSale
from prepaid.cards.models.certificate import Certificate, CertificateReading, ReadingKind
from prepaid.cards.models.contract import Contract
from prepaid.cards.models.digest import Digest
from prepaid.cards.models.expiry import ExpiryNotice
from prepaid.cards.models.lesson import Lesson, class_key
from prepaid.cards.models.loss import CardLoss, LossOutcome
from prepaid.cards.models.pay_back_fault import PayBackFault
from prepaid.cards.models.person import Beneficiary, CardPerson, Relation
from prepaid.cards.models.redemption import Redemption
from prepaid.cards.models.refund_request import RefundRequest
from prepaid.cards.models.roll_call import Attendance, Learner, TaughtClass
from prepaid.cards.models.rule import CardRule
from prepaid.cards.models.sms_code import SmsCode
from prepaid.cards.models.transfer import CardTransfer

__all__ = [
    "Attendance",
    "Beneficiary",
    "Card",
    "CardLoss",
    "CardPerson",
    "CardRule",
    "CardTransfer",
    "CashSale",
    "Certificate",
    "CertificateReading",
    "Contract",
    "Digest",
    "ExpiryNotice",
    "Learner",
    "Lesson",
    "LossOutcome",
    "PayBackFault",
    "ReadingKind",
    "Redemption",
    "RefundRequest",
    "Relation",
    "SmsCode",
    "TaughtClass",
    "class_key",
]
