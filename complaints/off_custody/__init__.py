"""“They asked me to pay elsewhere” (体外收款): reports by anybody, without an account, about money taken outside custody."""
