"""What the messages' way out has to say to whoever keeps the addresses."""

from django.dispatch import Signal

#: kwargs: recipient_id, address, at – the mail server says for good that there is no such mailbox; sent after commit
address_refused = Signal()
