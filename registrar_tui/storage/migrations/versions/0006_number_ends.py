"""People are found by the last four digits of a СНИЛС, a policy and a document, as by those of a phone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_patient_snils_end", "patient", [sa.text("substr(snils, 8)"), "snils"])
    op.create_index(
        "ix_identity_document_end",
        "identity_document",
        [sa.text("substr(number_key, length(number_key) - 3)"), "number_key"],
    )
    op.create_index("ix_policy_end", "policy", [sa.text("substr(number, length(number) - 3)"), "number"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_policy_end", "policy")
    op.drop_index("ix_identity_document_end", "identity_document")
    op.drop_index("ix_patient_snils_end", "patient")
