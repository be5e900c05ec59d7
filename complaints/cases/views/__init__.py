"""The consumer's and the merchant's pages of a case."""
