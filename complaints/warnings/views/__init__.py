"""The merchant's and the card-holder's pages of early warning; the officials' are in the administration."""
