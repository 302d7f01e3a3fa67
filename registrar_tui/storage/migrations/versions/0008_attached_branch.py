"""People attached to a branch are found by name in one index: the branch stands on their card."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# In SQL: for a foreign key Alembic would build a SQLite table anew; said so, both stores add the column at once.
_COLUMN = (
    "ALTER TABLE patient ADD COLUMN attached_branch_id INTEGER"
    " CONSTRAINT fk_patient_attached_branch_id_branch REFERENCES branch (id)"
)
_SQLITE = (
    "UPDATE patient SET attached_branch_id = (SELECT branch_id FROM attachment"
    " WHERE patient_id = patient.id AND status = 'active' ORDER BY id DESC LIMIT 1)",
)
# An UPDATE enters every row of PostgreSQL into a dozen indexes again and leaves the old ones behind: 170 s a
# million people. Written anew by a change of type the table takes 25 s and no more room. Nobody counts such
# rows as changed, so that autovacuum would not look at the column.
_POSTGRESQL = (
    "CREATE FUNCTION branch_of_0008(person integer) RETURNS integer LANGUAGE sql STABLE AS $$"
    "SELECT branch_id FROM attachment"
    " WHERE patient_id = person AND status = 'active' ORDER BY id DESC LIMIT 1"
    "$$",
    "ALTER TABLE patient ALTER COLUMN attached_branch_id TYPE INTEGER USING branch_of_0008(id)",
    "DROP FUNCTION branch_of_0008(integer)",
    "ANALYZE patient (attached_branch_id)",
)


def upgrade() -> None:
    """Apply."""
    op.execute(_COLUMN)
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
    op.create_index(
        "ix_patient_attached",
        "patient",
        ["attached_branch_id", "last_key", "first_key", "birth_date"],
        sqlite_where=sa.text("attached_branch_id IS NOT NULL"),
        postgresql_where=sa.text("attached_branch_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_patient_attached", "patient")
    op.drop_column("patient", "attached_branch_id")
