from tests.sandbox_bank.bank import bank, bank_process

__all__ = ["bank", "bank_process"]
