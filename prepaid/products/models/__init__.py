from prepaid.products.models.custody import CustodyDecision
from prepaid.products.models.filing import Filing
from prepaid.products.models.product import Product, ProductVersion
from prepaid.products.models.rate import InterestRate, VisitRule
from prepaid.products.models.searchable import Searchable
from prepaid.products.models.warning import FilingWarning

__all__ = [
    "CustodyDecision",
    "Filing",
    "FilingWarning",
    "InterestRate",
    "Product",
    "ProductVersion",
    "Searchable",
    "VisitRule",
]
