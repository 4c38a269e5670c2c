"""Databases by name: made as copies of a template, with Odoo's file store, and dropped."""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

from dev import paths

PREFIX = f"paylinks_{paths.CLONE_ID}"
FILESTORE = paths.DATA / "filestore"


def name(what):
    """The name of this checkout's database for `what`; differs between checkouts."""
    return f"{PREFIX}_{what}"


def exists(database):
    """Whether there is a database of this name."""
    return database in names()


def names():
    """The names of all databases of this checkout."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    with _maintenance() as cursor:
        cursor.execute(query, [f"{PREFIX}_"])
        return [row[0] for row in cursor.fetchall()]


def clone(template, database):
    """Make `database` as a copy of `template`, dropping what had that name before."""
    from psycopg2 import sql

    drop(database)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with _maintenance() as cursor:
        cursor.execute(statement.format(sql.Identifier(database), sql.Identifier(template)))
    if (FILESTORE / template).is_dir():
        # Odoo never changes a stored file in place, so the copies may share them.
        shutil.copytree(FILESTORE / template, FILESTORE / database, copy_function=os.link)


def drop(database):
    """Drop a database and its file store, ending what is connected to it."""
    from psycopg2 import sql

    with _maintenance() as cursor:
        cursor.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )
    shutil.rmtree(FILESTORE / database, ignore_errors=True)


def drop_left_over():
    """Drop the databases of test runs (named after their process id) that no longer run."""
    for database in names():
        owner = re.search(r"_p(\d+)(_|$)", database)
        if owner and not _alive(int(owner.group(1))):
            drop(database)


def drop_all():
    """Drop all databases of this checkout."""
    for database in names():
        drop(database)


def server():
    """What tells the server in use from another one."""
    return f"{os.environ.get('PGHOST')}:{os.environ.get('PGPORT')}"


def rename(old, new):
    """Give a database and its file store another name, in place of what had that one."""
    from psycopg2 import sql

    drop(new)
    statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with _maintenance() as cursor:
        cursor.execute(statement.format(sql.Identifier(old), sql.Identifier(new)))
    if (FILESTORE / old).is_dir():
        (FILESTORE / old).rename(FILESTORE / new)


def execute(database, statement, parameters=()):
    """Run one SQL statement on a database, commit, and return its rows, if it has any."""
    import psycopg2

    connection = psycopg2.connect(dbname=database)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def stop_autovacuum(database):
    """For tests that commit nothing: PostgreSQL would find their tables empty in the middle of a
    test, and from then on plan as if they were, which makes a query of milliseconds last hours."""
    execute(
        database,
        """
        DO $$ DECLARE name regclass; BEGIN
            FOR name IN SELECT oid FROM pg_class
                         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            LOOP EXECUTE format('ALTER TABLE %%s SET (autovacuum_enabled = off)', name); END LOOP;
        END $$
        """,
    )


def set_parameter(database, key, value):
    """Set an Odoo system parameter while no Odoo runs on the database; None removes it."""
    execute(database, "DELETE FROM ir_config_parameter WHERE key = %s", [key])
    if value is not None:
        statement = (
            "INSERT INTO ir_config_parameter (key, value, create_date, write_date) "
            "VALUES (%s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
        )
        execute(database, statement, [key, value])


@contextmanager
def _maintenance():
    import psycopg2

    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _alive(number):
    return Path(f"/proc/{number}").exists()
