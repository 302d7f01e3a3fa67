"""SQLModel tables, one file an aggregate; importing this package registers every table."""

from sqlmodel import SQLModel

# Alembic's batch mode and the classification of constraint errors both need stable names.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

from registrar_tui.models.audit import AuditEntry  # noqa: E402 - tables must see the naming convention
from registrar_tui.models.clinic import (  # noqa: E402 - tables must see the naming convention
    Branch,
    Certificate,
    Doctor,
    Room,
    Service,
    Setting,
    Specialty,
)
from registrar_tui.models.exchange import ImportBatch, ImportReject  # noqa: E402
from registrar_tui.models.operator import Operator, OperatorSession  # noqa: E402
from registrar_tui.models.patient import (  # noqa: E402
    Attachment,
    IdentityDocument,
    Patient,
    PatientMerge,
    Policy,
    Representative,
    Surname,
    SurnameDeletion,
    SurnameTrigram,
)
from registrar_tui.models.rule import RuleSetting  # noqa: E402
from registrar_tui.models.schedule import Claim, ShiftTemplate, Slot  # noqa: E402
from registrar_tui.models.visit import Op, Visit, VisitEvent  # noqa: E402

__all__ = [
    "Attachment",
    "AuditEntry",
    "Branch",
    "Certificate",
    "Claim",
    "Doctor",
    "IdentityDocument",
    "ImportBatch",
    "ImportReject",
    "Op",
    "Operator",
    "OperatorSession",
    "Patient",
    "PatientMerge",
    "Policy",
    "Representative",
    "Room",
    "RuleSetting",
    "Service",
    "Setting",
    "ShiftTemplate",
    "Slot",
    "Specialty",
    "Surname",
    "SurnameDeletion",
    "SurnameTrigram",
    "Visit",
    "VisitEvent",
]
