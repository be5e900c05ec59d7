"""The consumer's pages of cards, and the merchant's counter and refund pages."""
