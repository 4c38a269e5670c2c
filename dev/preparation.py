"""What `make demo`, `make test` and `make lint` have in common before they start."""

from contextlib import ExitStack, contextmanager

from dev import locks, odoo, odoo_source, paths, postgres, venv


@contextmanager
def ready():
    """Have Odoo's source, the virtualenv's link to it and a PostgreSQL server; yield the source."""
    paths.prepare()
    with ExitStack() as stack:
        with locks.setup_lock():
            source = odoo_source.locate()
            venv.link_odoo(source)
            odoo.write_config()
            stack.enter_context(postgres.server())
        yield source
