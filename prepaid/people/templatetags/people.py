"""``{% load people %}``: phone numbers for people."""

from django import template

from prepaid.notices import phones

register = template.Library()


@register.filter
def spaced_phone(phone: str) -> str:
    """``+8613800138000`` → ``138 0013 8000``: only for the person whose number it is."""
    return phones.spaced(phone)
