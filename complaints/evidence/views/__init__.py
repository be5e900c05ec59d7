"""The consumer's and the merchant's pages of photos and documents."""
