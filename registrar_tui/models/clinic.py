"""The clinic: branches, rooms, specialties, doctors, services."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel


class Setting(SQLModel, table=True):
    """One fact about this base: clinic id and name, demo flag."""

    key: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))


class Branch(SQLModel, table=True):
    """A building of the clinic."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    address: str
    timezone: str = Field(default="Europe/Moscow", description="IANA zone; slots hold its wall-clock")
    phone: str = ""
    transport: str = ""
    parking: str = ""
    equipment: str = ""
    paid: bool = False
    rating: float | None = None


class Room(SQLModel, table=True):
    """A room (кабинет) of a branch."""

    id: int | None = Field(default=None, primary_key=True)
    branch_id: int = Field(foreign_key="branch.id", index=True)
    number: str
    floor: str = ""


class Specialty(SQLModel, table=True):
    """A medical specialty; a narrow one needs a referral."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    synonyms: str = Field(default="", description="search words, space separated")
    narrow: bool = False
    ages: str = Field(default="any", description="adult, child or any")
    bring: str = Field(default="", description="what the patient brings, comma separated")


class Doctor(SQLModel, table=True):
    """A doctor and the post held."""

    id: int | None = Field(default=None, primary_key=True)
    last_name: str
    first_name: str
    middle_name: str = ""
    specialty_id: int = Field(foreign_key="specialty.id", index=True)
    branch_id: int = Field(foreign_key="branch.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    post: str
    since_year: int | None = Field(default=None, description="first year of practice")
    rating: float | None = None
    reviews: int = 0
    accepting: bool = True


class Certificate(SQLModel, table=True):
    """A certificate or accreditation of a doctor."""

    id: int | None = Field(default=None, primary_key=True)
    doctor_id: int = Field(foreign_key="doctor.id", index=True)
    title: str
    number: str = ""
    issued_on: date | None = None
    valid_until: date | None = None


class Service(SQLModel, table=True):
    """What a visit is for, with its length in minutes."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    specialty_id: int = Field(foreign_key="specialty.id", index=True)
    minutes: int
    repeat: bool = False
    paid: bool = False
