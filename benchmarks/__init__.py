"""What is measured, against what floor. ``make bench``."""
