"""How fast things are, how much memory they take, and how those of others do beside them."""
