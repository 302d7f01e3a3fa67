"""People: the card, documents, policies, attachments, and the keys they are found by."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from registrar_tui.models.columns import SearchKey, UtcInstant
from registrar_tui.vocabulary import AttachmentStatus, Verification


class Patient(SQLModel, table=True):
    """A person. The `*_key` columns are folded by `services.search_keys` and kept by the same transaction."""

    __table_args__ = (
        Index("ix_patient_initials", "first_initial", "middle_initial", "last_key"),
        Index("ix_patient_name", "last_key", "first_key"),
        Index("ix_patient_patronymic", "last_key", "middle_key"),
        Index("ix_patient_born", "birth_date", "last_key"),
        Index("ix_patient_name_born", "last_key", "birth_date"),
        Index("ix_patient_phone", "phone_reversed"),
        # The last four digits, and the whole for longer ends: nothing that could part from the row.
        Index("ix_patient_snils_end", text("substr(snils, 8)"), "snils"),
        Index(
            "uq_patient_snils",
            "snils",
            unique=True,
            sqlite_where=text("merged_into_id IS NULL"),
            postgresql_where=text("merged_into_id IS NULL"),
        ),
        Index(
            "uq_patient_enp",
            "enp",
            unique=True,
            sqlite_where=text("merged_into_id IS NULL"),
            postgresql_where=text("merged_into_id IS NULL"),
        ),
        # Retired cards are few: their numbers and their survivors are looked up in indexes of their own.
        *(
            Index(
                f"ix_patient_retired_{name}",
                column,
                sqlite_where=text("merged_into_id IS NOT NULL"),
                postgresql_where=text("merged_into_id IS NOT NULL"),
            )
            for name, column in (("into", "merged_into_id"), ("snils", "snils"), ("enp", "enp"))
        ),
        Index(
            "ix_patient_attached",
            "attached_branch_id",
            "last_key",
            "first_key",
            "birth_date",
            sqlite_where=text("attached_branch_id IS NOT NULL"),
            postgresql_where=text("attached_branch_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    last_name: str
    first_name: str
    middle_name: str = ""
    birth_date: date
    birth_precision: str = Field(default="day", description="day, month or year")
    sex: str = Field(description="M or F")
    snils: str | None = Field(default=None, description="11 digits")
    enp: str | None = Field(default=None, description="16 digits, the person's number in the OMS register")
    phone: str | None = Field(default=None, description="E.164")
    phone_confirmed: bool = False
    email: str | None = None
    address: str = ""
    consent_on: date | None = Field(default=None, description="consent to data processing")
    self_booking_until: date | None = Field(
        default=None, description="late cancellation: self-booking is closed before this day"
    )
    merged_into_id: int | None = Field(default=None, foreign_key="patient.id")
    version: int = 1
    created_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    last_key: str = Field(sa_column=Column(SearchKey, nullable=False))
    first_key: str = Field(sa_column=Column(SearchKey, nullable=False))
    middle_key: str = Field(sa_column=Column(SearchKey, nullable=False))
    first_initial: str = Field(sa_column=Column(SearchKey, nullable=False))
    middle_initial: str = Field(sa_column=Column(SearchKey, nullable=False))
    phone_reversed: str | None = Field(default=None, sa_column=Column(SearchKey, nullable=True))
    attached_branch_id: int | None = Field(
        default=None,
        foreign_key="branch.id",
        description="the branch of the active attachment, kept by the transaction that changes it, "
        "so that people of one branch are found by name in one index",
    )


class IdentityDocument(SQLModel, table=True):
    """A document of the F011 table; `number_key` is series and number without separators."""

    __tablename__ = "identity_document"
    __table_args__ = (
        # With the owner: whose number ends so is read from the index alone.
        Index(
            "ix_identity_document_end",
            text("substr(number_key, length(number_key) - 3)"),
            "number_key",
            "patient_id",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    kind: str = Field(default="14", description="F011 code")
    series: str = ""
    number: str
    number_key: str = Field(sa_column=Column(SearchKey, nullable=False, index=True))
    issued_on: date | None = None
    issuer: str = ""
    issuer_code: str = ""
    verification: str = Field(default=Verification.NOT_SHOWN.value)
    verified_on: date | None = None
    came_from_id: int | None = Field(default=None, description="the retired card it came from with a merge")


class Policy(SQLModel, table=True):
    """An OMS policy; `kind` is the HL7 code (С В Е П Э К Ц)."""

    __table_args__ = (
        Index("ix_policy_end", text("substr(number, length(number) - 3)"), "number", "patient_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    kind: str
    series: str = ""
    number: str = Field(sa_column=Column(SearchKey, nullable=False, index=True))
    insurer: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    verification: str = Field(default=Verification.NOT_SHOWN.value)
    verified_on: date | None = None
    came_from_id: int | None = Field(default=None, description="the retired card it came from with a merge")


class Attachment(SQLModel, table=True):
    """Attachment (прикрепление) of a person to a branch."""

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    branch_id: int = Field(foreign_key="branch.id")
    district: str = Field(default="", description="участок")
    status: str = Field(default=AttachmentStatus.REVIEW.value)
    since: date | None = None
    reason: str = Field(default="", description="why it was refused")


class Representative(SQLModel, table=True):
    """Who acts for a minor or a person under guardianship."""

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    person_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    name: str
    relation: str
    phone: str | None = None


class PatientMerge(SQLModel, table=True):
    """One merge of two cards; `moved` and `filled` hold what undoing it gives back, exactly."""

    __tablename__ = "patient_merge"
    __table_args__ = (
        Index(
            "uq_patient_merge_retired",
            "retired_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_patient_merge_desk", "desk", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    survivor_id: int = Field(foreign_key="patient.id", index=True)
    retired_id: int = Field(foreign_key="patient.id")
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    operator: str
    desk: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    op_id: str
    moved: str = Field(sa_column=Column(Text, nullable=False), description="JSON: ids by kind")
    filled: str = Field(
        sa_column=Column(Text, nullable=False), description="JSON: [before, after] by the survivor's column"
    )
    last_event_id: int = Field(description="the newest event of any visit before the merge's own")
    undone_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant, nullable=True))


class Surname(SQLModel, table=True):
    """The dictionary of distinct folded surnames that typos are looked up in."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_column=Column(SearchKey, nullable=False, unique=True))
    people: int = Field(default=0, description="how many cards bear it")


class SurnameDeletion(SQLModel, table=True):
    """A surname with at most one letter left out: two names one typo apart share such a key."""

    __tablename__ = "surname_deletion"

    deletion: str = Field(sa_column=Column(SearchKey, primary_key=True))
    surname_id: int = Field(primary_key=True, foreign_key="surname.id")


class SurnameTrigram(SQLModel, table=True):
    """Three letters in a row of a surname, for what stands in its middle."""

    __tablename__ = "surname_trigram"

    trigram: str = Field(sa_column=Column(SearchKey, primary_key=True))
    surname_id: int = Field(primary_key=True, foreign_key="surname.id")
