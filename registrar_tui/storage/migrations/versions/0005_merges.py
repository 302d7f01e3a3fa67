"""Two cards of one person become one, and what moved is remembered so that it can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RETIRED = (("into", "merged_into_id"), ("snils", "snils"), ("enp", "enp"))
_DOCUMENTS = ("identity_document", "policy")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "patient_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survivor_id", sa.Integer(), nullable=False),
        sa.Column("retired_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("desk", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("op_id", sa.String(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("filled", sa.Text(), nullable=False),
        sa.Column("last_event_id", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["survivor_id"], ["patient.id"], name="fk_patient_merge_survivor_id_patient"),
        sa.ForeignKeyConstraint(["retired_id"], ["patient.id"], name="fk_patient_merge_retired_id_patient"),
        sa.PrimaryKeyConstraint("id", name="pk_patient_merge"),
    )
    op.create_index("ix_patient_merge_survivor_id", "patient_merge", ["survivor_id"])
    op.create_index("ix_patient_merge_desk", "patient_merge", ["desk", "id"])
    op.create_index(
        "uq_patient_merge_retired",
        "patient_merge",
        ["retired_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    for name, column in _RETIRED:
        op.create_index(
            f"ix_patient_retired_{name}",
            "patient",
            [column],
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
    for table in _DOCUMENTS:
        op.add_column(table, sa.Column("came_from_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    for table in _DOCUMENTS:
        op.drop_column(table, "came_from_id")
    for name, _ in _RETIRED:
        op.drop_index(f"ix_patient_retired_{name}", "patient")
    op.drop_table("patient_merge")
