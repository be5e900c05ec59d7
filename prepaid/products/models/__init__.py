from prepaid.products.models.filing import Filing
from prepaid.products.models.product import Product, ProductVersion

__all__ = ["Filing", "Product", "ProductVersion"]
