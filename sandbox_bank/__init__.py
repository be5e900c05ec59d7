"""A bank for the demo city: payments, custody accounts, refunds, payouts, a statement. Imports nothing of ours."""
