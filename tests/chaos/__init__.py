"""The machine that tries to break the books: random histories, and what must be true of each."""
