from prepaid.products.models.custody import CustodyDecision
from prepaid.products.models.filing import Filing
from prepaid.products.models.product import Product, ProductVersion
from prepaid.products.models.rate import InterestRate, VisitRule

__all__ = ["CustodyDecision", "Filing", "InterestRate", "Product", "ProductVersion", "VisitRule"]
