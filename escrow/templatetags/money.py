"""``{% load money %}{{ fen|yuan }}`` → ``¥1,234.50``."""

from django import template

from escrow import money

register = template.Library()


@register.filter
def yuan(fen: int | None) -> str:
    """Fen as yuan with the currency sign; nothing for None."""
    if fen is None:
        return ""
    text = money.yuan(fen)
    return f"-¥{text[1:]}" if text.startswith("-") else f"¥{text}"
