"""Photos and documents of a complaint: checked, made anew, encrypted, shown to whoever may read them."""
