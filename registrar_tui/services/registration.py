"""Creating and changing a person's card: every field validated again, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from registrar_tui.errors import FieldError, FieldErrors, Refusal, WayOut
from registrar_tui.models import IdentityDocument, Patient, Policy
from registrar_tui.services import dto, surname_index
from registrar_tui.services.cards import latest, load_patient
from registrar_tui.services.likeness import Person
from registrar_tui.services.search_keys import number_key, patient_keys
from registrar_tui.services.wording import full_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.validators.birth_certificate import check_birth_certificate
from registrar_tui.validators.birth_date import (
    birth_date_precision,
    check_birth_date,
    possible_birth_dates,
)
from registrar_tui.validators.email import check_email
from registrar_tui.validators.identity_document import BIRTH_CERTIFICATE, PASSPORT, split_document
from registrar_tui.validators.names import check_name, guess_sex
from registrar_tui.validators.passport import check_passport
from registrar_tui.validators.phone import check_phone
from registrar_tui.validators.policy import check_policy_text, recognise_policy
from registrar_tui.validators.result import Checked
from registrar_tui.validators.snils import check_snils

ADDRESS_LENGTH = 300
_POLICY_KINDS = {"enp": "П", "temporary": "В", "old": "С"}
_SEXES = {"м": "M", "m": "M", "муж": "M", "ж": "F", "f": "F", "жен": "F"}


@dataclass(slots=True)
class _Form:
    """The checked fields of a draft, and everything wrong with the rest."""

    today: date
    values: dict[str, str | None] = field(default_factory=dict)
    problems: list[FieldError] = field(default_factory=list)
    birth: date | None = None
    sex: str | None = None

    def take(self, name: str, text: str, check: Callable[[str], Checked], *, required: bool) -> None:
        """Check one field; an empty one is a problem only where it is required."""
        if not text.strip() and not required:
            self.values[name] = None
            return
        checked = check(text)
        self.values[name] = checked.value
        if checked.errors:
            first = checked.errors[0]
            self.problems.append(FieldError(name, first.code, first.message))


def register(session: Session, workplace: Workplace, draft: dto.PatientDraft) -> int:
    """Create a card; FieldErrors names every wrong field, `duplicate_patient` a card that exists."""
    form = _checked(draft, workplace.now().date())
    _require_unique(session, form, None)
    patient = Patient(created_at=workplace.utc(), **_columns(form))
    _insert(session, patient)
    assert patient.id is not None
    surname_index.add(session, patient.last_key)
    _store_documents(session, form, patient.id)
    return patient.id


def edit(
    session: Session, workplace: Workplace, patient_id: int, version: int, draft: dto.PatientDraft
) -> None:
    """Change a card; `stale_edit` where another desk has changed it since it was opened."""
    form = _checked(draft, workplace.now().date())
    session.execute(select(col(Patient.id)).where(col(Patient.id) == patient_id).with_for_update())
    patient = load_patient(session, patient_id)
    if patient.version != version:
        raise Refusal(
            "stale_edit",
            "Карточку тем временем изменили в другом окне: откройте её заново, ваш ввод сохранён в форме.",
            field="patient",
        )
    _require_unique(session, form, patient_id)
    former_key = patient.last_key
    for name, value in _columns(form).items():
        setattr(patient, name, value)
    patient.version = version + 1
    _insert(session, patient)
    if patient.last_key != former_key:
        surname_index.remove(session, former_key)
        surname_index.add(session, patient.last_key)
    _store_documents(session, form, patient_id)


def compared(session: Session, workplace: Workplace, draft: dto.PatientDraft, own_id: int | None) -> Person:
    """Return what a draft is compared with other cards by; refuses what saving it would refuse."""
    form = _checked(draft, workplace.now().date())
    _require_unique(session, form, own_id)
    columns = _columns(form)
    passport, policy = form.values["passport"], form.values["policy"]
    return Person(
        last=columns["last_key"],
        first=columns["first_key"],
        middle=columns["middle_key"],
        birth=form.birth,
        birth_precision=columns["birth_precision"],
        sex=columns["sex"],
        snils=columns["snils"],
        enp=columns["enp"],
        phone=columns["phone"],
        email=columns["email"],
        documents=frozenset({number_key(*split_document(passport))} if passport else ()),
        policies=frozenset({_policy_parts(policy)[2]} if policy else ()),
    )


def _checked(draft: dto.PatientDraft, today: date) -> _Form:
    form = _Form(today)
    form.take("last_name", draft.last_name, lambda text: check_name(text, field="last_name"), required=True)
    form.take(
        "first_name", draft.first_name, lambda text: check_name(text, field="first_name"), required=True
    )
    form.take(
        "middle_name", draft.middle_name, lambda text: check_name(text, field="middle_name"), required=False
    )
    form.take("birth_date", draft.birth_date, lambda text: check_birth_date(text, today), required=True)
    if form.values["birth_date"]:
        form.birth = possible_birth_dates(str(form.values["birth_date"]))[0]
    _take_sex(form, draft)
    form.take("snils", draft.snils, check_snils, required=False)
    form.take(
        "policy", draft.policy, lambda text: check_policy_text(text, birth_date=form.birth), required=False
    )
    _take_document(form, draft)
    form.take("phone", draft.phone, check_phone, required=False)
    form.take("email", draft.email, check_email, required=False)
    address = " ".join(draft.address.split())
    form.values["address"] = address
    if len(address) > ADDRESS_LENGTH:
        message = f"Адрес длиннее {ADDRESS_LENGTH} знаков: сократите его."
        form.problems.append(FieldError("address", "address_length", message))
    if form.problems:
        raise FieldErrors(tuple(form.problems))
    return form


def _take_sex(form: _Form, draft: dto.PatientDraft) -> None:
    """The patronymic tells the sex where nothing is typed."""
    typed = draft.sex.strip().casefold().rstrip(".")
    form.sex = _SEXES.get(typed)
    if form.sex is None and not typed:
        form.sex = guess_sex(draft.last_name, draft.first_name, draft.middle_name)
    if form.sex is None:
        form.problems.append(FieldError("sex", "sex_unknown", "Пол не указан: введите «м» или «ж»."))


def _take_document(form: _Form, draft: dto.PatientDraft) -> None:
    """Letters in the number mean a birth certificate."""
    issued: date | None = None
    if draft.passport_issued.strip():
        checked = check_birth_date(draft.passport_issued, form.today)
        if not checked.ok or birth_date_precision(str(checked.value)) != "day":
            message = "Дата выдачи не распознана: введите ДД.ММ.ГГГГ."
            form.problems.append(FieldError("passport_issued", "passport_issued_format", message))
        else:
            issued = date.fromisoformat(str(checked.value))
    form.values["passport_issued"] = issued.isoformat() if issued else None
    certificate = any(character.isalpha() and character not in "№N" for character in draft.passport)
    form.values["document_kind"] = BIRTH_CERTIFICATE if certificate else PASSPORT

    def check(text: str) -> Checked:
        if certificate:
            return check_birth_certificate(text, birth_date=form.birth, today=form.today)
        return check_passport(text, birth_date=form.birth, issue_date=issued, today=form.today)

    form.take("passport", draft.passport, check, required=False)


def _columns(form: _Form) -> dict[str, Any]:
    values = form.values
    last, first, middle = (str(values[name] or "") for name in ("last_name", "first_name", "middle_name"))
    policy = str(values["policy"] or "")
    return {
        "last_name": last,
        "first_name": first,
        "middle_name": middle,
        "birth_date": form.birth,
        "birth_precision": birth_date_precision(str(values["birth_date"])),
        "sex": form.sex,
        "snils": values["snils"],
        "enp": policy if recognise_policy(policy) == "enp" else None,
        "phone": values["phone"],
        "email": values["email"],
        "address": values["address"],
        **patient_keys(last, first, middle, values["phone"]),
    }


def _require_unique(session: Session, form: _Form, own_id: int | None) -> None:
    """Name the card that already has this number; the unique index stands behind it."""
    columns = _columns(form)
    for name, title in (("snils", "СНИЛС"), ("enp", "полис")):
        if columns[name] is None:
            continue
        other = session.execute(
            select(Patient).where(
                col(getattr(Patient, name)) == columns[name], col(Patient.merged_into_id).is_(None)
            )
        ).scalar_one_or_none()
        if other is not None and other.id != own_id:
            raise _duplicate(other, title, name)


class AlreadyKnown(Refusal):
    """The person has a card already, which the refusal names."""

    patient_id: int | None = None


def _duplicate(other: Patient | None, title: str = "СНИЛС или полис", name: str = "snils") -> AlreadyKnown:
    if other is None:
        return AlreadyKnown(
            "duplicate_patient", f"Такой {title} уже есть в базе: найдите ту карточку.", field=name
        )
    person = full_name(other.last_name, other.first_name, other.middle_name)
    known = AlreadyKnown(
        "duplicate_patient",
        f"Такой {title} уже у пациента {person} (№ {other.id}): откройте его карточку.",
        field="policy" if name == "enp" else name,
        ways_out=(WayOut("action", f"Открыть карточку № {other.id}"),),
    )
    known.patient_id = other.id
    return known


def _insert(session: Session, patient: Patient) -> None:
    session.add(patient)
    try:
        session.flush()
    except IntegrityError as error:
        raise _duplicate(None) from error


def _store_documents(session: Session, form: _Form, patient_id: int) -> None:
    """Add what is new; former documents stay as history."""
    if form.values["passport"]:
        _store_identity(session, form, patient_id, str(form.values["passport"]))
    if form.values["policy"]:
        _store_policy(session, patient_id, str(form.values["policy"]))


def _store_identity(session: Session, form: _Form, patient_id: int, value: str) -> None:
    series, number = split_document(value)
    issued = form.values["passport_issued"]
    issued_on = date.fromisoformat(issued) if issued else None
    key = number_key(series, number)
    former = latest(session, IdentityDocument, patient_id)
    if former is not None and former.number_key == key:
        former.issued_on = issued_on
        return
    session.add(
        IdentityDocument(
            patient_id=patient_id,
            kind=str(form.values["document_kind"]),
            series=series,
            number=number,
            number_key=key,
            issued_on=issued_on,
        )
    )


def _store_policy(session: Session, patient_id: int, value: str) -> None:
    kind, series, number = _policy_parts(value)
    former = latest(session, Policy, patient_id)
    if former is not None and (former.series, former.number) == (series, number):
        return
    session.add(Policy(patient_id=patient_id, kind=kind, series=series, number=number))


def _policy_parts(value: str) -> tuple[str, str, str]:
    """Return kind, series and number of a checked policy."""
    recognised = recognise_policy(value)
    kind = _POLICY_KINDS[recognised] if recognised else "С"
    series, _, number = value.rpartition(" ") if kind == "С" else ("", "", value)
    return kind, series, number
