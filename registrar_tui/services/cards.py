"""A person's card: documents with what is wrong with them, attachment, visits, warnings."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, SQLModel, col

from registrar_tui.errors import Refusal
from registrar_tui.models import (
    Attachment,
    Branch,
    IdentityDocument,
    Patient,
    Policy,
    Representative,
    Visit,
)
from registrar_tui.services import dto
from registrar_tui.services.arrivals import row_of, rows_select
from registrar_tui.services.wording import age_on, day_words, full_name, short_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.validators.enp import format_enp
from registrar_tui.validators.identity_document import DOCUMENT_KINDS, check_identity_document
from registrar_tui.validators.phone import format_phone
from registrar_tui.validators.snils import format_snils
from registrar_tui.vocabulary import (
    ACTIVE_STATUSES,
    VERIFICATION_LABELS,
    AttachmentStatus,
    Verification,
    VisitStatus,
)

Document = TypeVar("Document", IdentityDocument, Policy, Attachment)
_OWN_FIRST: dict[type[SQLModel], ColumnElement[bool]] = {
    IdentityDocument: col(IdentityDocument.came_from_id).is_not(None),
    Policy: col(Policy.came_from_id).is_not(None),
}
PAST_SHOWN = 20
CONSENT_AGE = 15  # 323-ФЗ, статья 20: younger patients come with a legal representative
_DOCUMENT_NAMES = {kind.code: kind.name for kind in DOCUMENT_KINDS}
_SHORT_DOCUMENT_NAMES = {"14": "Паспорт", "3": "Св-во о рожд."}


def load_patient(session: Session, patient_id: int) -> Patient:
    """Return one person; `not_found` for an unknown or merged card."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise Refusal(
            "not_found", f"Пациента № {patient_id} в базе нет: найдите его заново.", field="patient"
        )
    if patient.merged_into_id is not None:
        raise Refusal(
            "not_found",
            f"Карточка № {patient_id} объединена с № {patient.merged_into_id}: откройте её.",
            field="patient",
        )
    return patient


def card(session: Session, workplace: Workplace, patient_id: int) -> dto.PatientCard:
    """Open one person's card."""
    patient = load_patient(session, patient_id)
    today = workplace.now().date()
    document = latest(session, IdentityDocument, patient_id)
    policy = latest(session, Policy, patient_id)
    attachment = latest(session, Attachment, patient_id)
    representatives = _representatives(session, patient_id)
    age = age_on(patient.birth_date, today)
    return dto.PatientCard(
        id=patient_id,
        version=patient.version,
        full_name=full_name(patient.last_name, patient.first_name, patient.middle_name),
        short_name=short_name(patient.last_name, patient.first_name, patient.middle_name),
        sex="M" if patient.sex == "M" else "F",
        birth_date=patient.birth_date,
        age=age,
        attachment=_attachment_words(session, attachment),
        warnings=_warnings(patient, policy, attachment, representatives, today),
        documents=_documents(patient, document, policy, today),
        representatives=representatives,
        coming=_visits(session, workplace, patient_id, coming=True),
        past=_visits(session, workplace, patient_id, coming=False),
        draft=draft_of(patient, document, policy),
    )


def latest(session: Session, table: type[Document], patient_id: int) -> Document | None:
    """Return the newest row of a person, None where there is none.

    What came from a merged card yields to what the person's own card had: the survivor's numbers win.
    """
    statement = select(table).where(col(table.patient_id) == patient_id)
    if table in _OWN_FIRST:
        statement = statement.order_by(_OWN_FIRST[table])
    statement = statement.order_by(col(table.id).desc()).limit(1)
    found: Document | None = session.execute(statement).scalar_one_or_none()
    return found


def _representatives(session: Session, patient_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(col(Representative.relation), col(Representative.name), col(Representative.phone))
        .where(col(Representative.patient_id) == patient_id)
        .order_by(col(Representative.id))
    )
    return tuple(
        f"{relation}: {name}" + (f", {format_phone(phone)}" if phone else "")
        for relation, name, phone in rows
    )


def _attachment_words(session: Session, attachment: Attachment | None) -> str:
    if attachment is None:
        return "не прикреплён"
    branch = session.execute(
        select(col(Branch.name)).where(col(Branch.id) == attachment.branch_id)
    ).scalar_one()
    if attachment.status == AttachmentStatus.ACTIVE:
        district = f", участок {attachment.district}" if attachment.district else ""
        return f"прикреплён: {branch}{district}"
    if attachment.status == AttachmentStatus.REVIEW:
        return f"прикрепление на рассмотрении: {branch}"
    return f"в прикреплении отказано: {attachment.reason or branch}"


def _documents(
    patient: Patient, document: IdentityDocument | None, policy: Policy | None, today: date
) -> tuple[dto.DocumentLine, ...]:
    return (
        _identity_line(patient, document, today),
        _snils_line(patient),
        _policy_line(policy, today),
        _phone_line(patient),
    )


def _identity_line(patient: Patient, document: IdentityDocument | None, today: date) -> dto.DocumentLine:
    if document is None:
        return dto.DocumentLine("Документ", "—", "не предъявлен", ok=False, problem="попросите документ")
    checked = check_identity_document(
        document.kind,
        document.series,
        document.number,
        birth_date=patient.birth_date,
        issue_date=document.issued_on,
        today=today,
    )
    problems = (*checked.errors, *checked.warnings)
    title = _SHORT_DOCUMENT_NAMES.get(document.kind) or _DOCUMENT_NAMES.get(document.kind, "Документ")
    return dto.DocumentLine(
        title,
        f"{document.series} {document.number}".strip(),
        _verified(document.verification, document.verified_on),
        ok=not problems and document.verification != Verification.NOT_SHOWN,
        problem=problems[0].message if problems else None,
    )


def _snils_line(patient: Patient) -> dto.DocumentLine:
    if patient.snils is None:
        return dto.DocumentLine("СНИЛС", "—", "нет", ok=False)
    return dto.DocumentLine("СНИЛС", format_snils(patient.snils), "верен", ok=True)


def _policy_line(policy: Policy | None, today: date) -> dto.DocumentLine:
    if policy is None:
        return dto.DocumentLine(
            "Полис", "—", "нет", ok=False, problem="помощь — по документу, уточните полис"
        )
    number = format_enp(policy.number) if len(policy.number) == 16 else policy.number
    shown = f"{policy.series} {number}".strip()
    if policy.valid_until is not None and policy.valid_until < today:
        problem = f"срок истёк {policy.valid_until:%d.%m.%Y}: попросите новый полис"
        return dto.DocumentLine("Полис", shown, "не действует", ok=False, problem=problem)
    verified = _verified(policy.verification, policy.verified_on)
    return dto.DocumentLine("Полис", shown, verified, ok=policy.verification != Verification.NOT_SHOWN)


def _phone_line(patient: Patient) -> dto.DocumentLine:
    if patient.phone is None:
        return dto.DocumentLine("Телефон", "—", "нет", ok=False, problem="спросите номер для связи")
    verified = "подтверждён" if patient.phone_confirmed else "не подтверждён"
    return dto.DocumentLine("Телефон", format_phone(patient.phone), verified, ok=patient.phone_confirmed)


def _verified(verification: str, day: date | None) -> str:
    words = VERIFICATION_LABELS.get(verification, verification)
    return f"{words} {day:%d.%m.%Y}" if day and verification != Verification.NOT_SHOWN else words


def _warnings(
    patient: Patient,
    policy: Policy | None,
    attachment: Attachment | None,
    representatives: tuple[str, ...],
    today: date,
) -> tuple[dto.Warning, ...]:
    found: list[dto.Warning] = []
    if patient.self_booking_until is not None and patient.self_booking_until > today:
        until = day_words(patient.self_booking_until)
        message = f"Поздняя отмена: до {until} самозапись закрыта. Регистратор записывает без ограничений."
        found.append(dto.Warning("late_restriction", message))
    if policy is None:
        found.append(dto.Warning("policy_missing", "Полиса нет: примите по документу и уточните полис."))
    elif policy.valid_until is not None and policy.valid_until < today:
        message = f"Срок полиса истёк {policy.valid_until:%d.%m.%Y}: попросите действующий."
        found.append(dto.Warning("policy_expired", message))
    if attachment is None or attachment.status != AttachmentStatus.ACTIVE:
        found.append(dto.Warning("not_attached", "Не прикреплён к поликлинике: предложите прикрепление."))
    if age_on(patient.birth_date, today) < CONSENT_AGE:
        found.append(_minor(representatives))
    if patient.consent_on is None:
        found.append(dto.Warning("no_consent", "Согласие на обработку данных не получено: дайте подписать."))
    return tuple(found)


def _minor(representatives: tuple[str, ...]) -> dto.Warning:
    if representatives:
        return dto.Warning("minor", f"Младше {CONSENT_AGE} лет: с законным представителем.")
    return dto.Warning("representative_missing", "Младше 15 лет, представитель не указан: спросите, кто он.")


def _visits(
    session: Session, workplace: Workplace, patient_id: int, *, coming: bool
) -> tuple[dto.VisitRow, ...]:
    now = workplace.now()
    statement = rows_select().where(
        col(Visit.patient_id) == patient_id, col(Visit.status) != VisitStatus.ENTERED_IN_ERROR
    )
    waiting = col(Visit.status).in_(ACTIVE_STATUSES)
    if coming:
        statement = statement.where(col(Visit.starts_at) > now, waiting).order_by(
            col(Visit.starts_at), col(Visit.id)
        )
    else:
        statement = (
            statement.where(or_(col(Visit.starts_at) <= now, ~waiting))
            .order_by(col(Visit.starts_at).desc(), col(Visit.id).desc())
            .limit(PAST_SHOWN)
        )
    return tuple(row_of(found) for found in session.execute(statement))


def draft_of(patient: Patient, document: IdentityDocument | None, policy: Policy | None) -> dto.PatientDraft:
    """Return the card's fields as a form shows them."""
    return dto.PatientDraft(
        last_name=patient.last_name,
        first_name=patient.first_name,
        middle_name=patient.middle_name,
        birth_date=f"{patient.birth_date:%d.%m.%Y}",
        sex="м" if patient.sex == "M" else "ж",
        snils=format_snils(patient.snils) if patient.snils else "",
        policy=f"{policy.series} {policy.number}".strip() if policy else "",
        passport=f"{document.series} {document.number}".strip() if document else "",
        passport_issued=f"{document.issued_on:%d.%m.%Y}" if document and document.issued_on else "",
        phone=format_phone(patient.phone) if patient.phone else "",
        email=patient.email or "",
        address=patient.address,
    )
