"""Finds void clauses in the free text of a contract (BJ 15, SPC 9). Pure: text in, clauses with article and reason out.

``plain`` makes the text comparable, ``rules`` says as data what is void and what turns it around, ``scanning`` applies
one to the other, ``lines`` answers other programs.
"""

from prepaid.products.void_clauses.rules import RULES
from prepaid.products.void_clauses.scanning import VoidClause, scan

__all__ = ["RULES", "VoidClause", "scan"]
