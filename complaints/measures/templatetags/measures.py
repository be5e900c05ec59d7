"""How rates and durations are written, for templates."""

from django import template

from complaints.measures.wording import points, rate, took

register = template.Library()
for one in (points, rate, took):
    register.filter(one.__name__, one)
