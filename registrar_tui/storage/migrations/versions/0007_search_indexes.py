"""People are found by surname and patronymic alone; whose a number's end is stands in its index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ENDS = (("identity_document", "number_key"), ("policy", "number"))


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_patient_patronymic", "patient", ["last_key", "middle_key"])
    for table, number in _ENDS:
        _end_again(table, number, "patient_id")


def downgrade() -> None:
    """Take back."""
    for table, number in _ENDS:
        _end_again(table, number)
    op.drop_index("ix_patient_patronymic", "patient")


def _end_again(table: str, number: str, *more: str) -> None:
    op.drop_index(f"ix_{table}_end", table)
    op.create_index(
        f"ix_{table}_end", table, [sa.text(f"substr({number}, length({number}) - 3)"), number, *more]
    )
