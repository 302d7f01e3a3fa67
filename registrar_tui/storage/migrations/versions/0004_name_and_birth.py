"""A surname with a year of birth is one range of an index, not one for each day of the year."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_patient_name_born", "patient", ["last_key", "birth_date"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_patient_name_born", "patient")
