"""What must hold whatever happens: real servers under load, and killed again and again.

`make kills` and `make load` run it and write what they saw into docs/proof.md.
"""
