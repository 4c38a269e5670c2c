"""Row locks that wait, which Odoo's ``lock_for_update`` and ``try_lock_for_update`` do not."""

from odoo.tools import SQL


def lock_rows(records):
    """Lock the records' rows, in the order of their ids, until the transaction ends; waits.

    Rows that changed since the transaction's snapshot make PostgreSQL refuse it, and Odoo runs it
    again: that is no error, and not logged as one. The records are read anew afterwards.
    """
    if not records.ids:
        return
    records.env.cr.execute(
        SQL(
            "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
            SQL.identifier(records._table),
            tuple(records.ids),
        ),
        log_exceptions=False,
    )
    records.invalidate_recordset()
