from tests.sandbox_bank.bank import bank, bank_process, inbox, sandbox

__all__ = ["bank", "bank_process", "inbox", "sandbox"]
