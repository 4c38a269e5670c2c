"""Development tooling of the addon: what `make demo`, `make test` and `make lint` run.

It starts with nothing but the system's python3 (standard library only), builds a virtualenv in the
ignored work folder `.dev/`, and goes on inside that.
"""
