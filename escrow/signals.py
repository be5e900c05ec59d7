"""The one upward road: facts after commit, which only trigger messages. Nothing that must happen may hang on them."""

from django.dispatch import Signal

#: kwargs: agreement_id
agreement_funded = Signal()
#: kwargs: payment_id – cash that was awaited came to custody, was taken back by the bank, or came again
deposit_moved = Signal()
#: kwargs: use_id – reserved, charged, refused, expired or undone: look at its state
use_recorded = Signal()
#: kwargs: refund_id – the bank says the consumer has what was paid at once
refund_paid = Signal()
#: kwargs: refund_id – and nothing of it is open any more
refund_complete = Signal()
#: kwargs: approval_id – nobody decided in time
approval_expired = Signal()
#: kwargs: payout_id – returned by the bank
payout_failed = Signal()
#: kwargs: claim_payment_id – the bank says the consumer has this part of a claim
claim_paid = Signal()
