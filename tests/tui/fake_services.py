"""A little clinic in memory: it books, refuses, holds and forgets like the real core, without a database."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from registrar_tui.errors import FieldError, FieldErrors, Refusal, WayOut
from registrar_tui.services import dto
from registrar_tui.services.dto import SlotMark, TargetKind
from registrar_tui.services.dto_merge import DuplicateRow, MergePatients, MergeView
from registrar_tui.services.protocol import TicketFormat
from registrar_tui.vocabulary import VISIT_STATUS_LABELS, TicketVerdict
from tests.tui.fake_merging import FakeMerging

NOW = datetime(2026, 11, 23, 9, 41)
HOSTILE = "[red]Обычный[/] \x1b[2J\u202eКарлсон"
SPECIALTIES = {1: "кардиолог", 2: "терапевт", 3: "невролог"}
SERVICES = ((1, "Электрокардиограмма", 15), (2, "Первичный приём", 30))


@dataclass
class Doctor:
    """One doctor of the fake clinic."""

    id: int
    name: str
    specialty_id: int
    room: str
    minutes: int


@dataclass
class Slot:
    """One slot; `visit_id` or `held_by` says who has it."""

    id: int
    doctor: Doctor
    starts_at: datetime
    mark: SlotMark = SlotMark.FREE
    label: str = ""
    visit_id: int | None = None
    held_by: str | None = None


@dataclass
class Patient:
    """One person; a change raises `version`."""

    id: int
    draft: dto.PatientDraft
    version: int = 1

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.draft.last_name} {self.draft.first_name} {self.draft.middle_name}".strip()


@dataclass
class Visit:
    """One visit."""

    id: int
    patient_id: int
    slot: Slot
    status: str = "booked"
    late: bool = False
    replaces: int | None = None


@dataclass
class FakeServices(FakeMerging):
    """The Services protocol over dictionaries; `fail`, `gate` and `calls` let a test steer and watch it."""

    tickets: Path = Path("tickets")
    now: datetime = NOW
    fail: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    """Errors to raise, one a call, before anything is done."""
    fail_after: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    """Errors to raise after the work is done: an answer lost on its way."""
    gates: dict[str, list[threading.Event]] = field(default_factory=lambda: defaultdict(list))
    """Calls wait here, one event a call."""
    calls: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self.alike: tuple[DuplicateRow, ...] = ()
        self.merges: list[MergePatients] = []
        self.patients: dict[int, Patient] = {}
        self.doctors_by_id: dict[int, Doctor] = {}
        self.all_slots: dict[int, Slot] = {}
        self.visits: dict[int, Visit] = {}
        self.done: dict[str, dto.VisitView | dto.PatientCard] = {}
        self.stamp = 0
        self.last: tuple[str, int] | None = None
        self._people()
        self._schedule()

    # --- steering -------------------------------------------------------------

    def gate(self, call: str) -> threading.Event:
        """Make the next call of this name wait until the event is set."""
        event = threading.Event()
        self.gates[call].append(event)
        return event

    def called(self, call: str) -> list[tuple[object, ...]]:
        """Return the arguments of every call of this name."""
        return [arguments for name, arguments in self.calls if name == call]

    @contextmanager
    def _call(self, name: str, *arguments: object) -> Iterator[None]:
        self.calls.append((name, arguments))
        if self.gates[name]:
            self.gates[name].pop(0).wait(10)
        with self._lock:
            if self.fail[name]:
                raise self.fail[name].pop(0)
            yield
            if self.fail_after[name]:
                raise self.fail_after[name].pop(0)

    # --- the clinic -----------------------------------------------------------

    def _people(self) -> None:
        draft = dto.PatientDraft(
            sex="M", birth_date="12.05.1958", phone="+79161234567", snils="112-233-445 95"
        )
        names = (
            ("Иванов", "Иван", "Петрович"),
            ("Иванова", "Ивета", "Сергеевна"),
            ("Иващенко", "Ивар", "Олегович"),
            ("Петрова", "Анна", "Ильинична"),
            (HOSTILE, "Пётр", ""),
        )
        for number, (last, first, middle) in enumerate(names, start=1):
            self.patients[number] = Patient(
                number, replace(draft, last_name=last, first_name=first, middle_name=middle)
            )

    def _schedule(self) -> None:
        people = (
            ("Орлова Н. В.", 1, "214", 15),
            ("Зайцев П. П.", 1, "216", 22),
            ("Ким Л. А.", 1, "301", 30),
            ("Белова Т. Т.", 2, "105", 15),
            ("Гусев А. А.", 3, "310", 30),
        )
        for number, (name, specialty, room, minutes) in enumerate(people, start=1):
            self.doctors_by_id[number] = Doctor(number, name, specialty, room, minutes)
        for offset in range(14):
            day = self.now.date() + timedelta(days=offset)
            if day.weekday() < 5:
                for doctor in self.doctors_by_id.values():
                    self._shift(doctor, day)

    def _shift(self, doctor: Doctor, day: date) -> None:
        start = datetime(day.year, day.month, day.day, 8)
        while start.hour < 12:
            slot = Slot(len(self.all_slots) + 1, doctor, start)
            self.all_slots[slot.id] = slot
            position = int((start - start.replace(hour=8, minute=0)).total_seconds() // 60) // doctor.minutes
            if position in (0, 1) and doctor.id == 1:
                slot.mark, slot.label = SlotMark.BUSY, "Сидоров"
            elif position == 2 and doctor.id == 2:
                slot.mark, slot.label = SlotMark.CLOSED, ""
            elif position == 1 and doctor.id == 3:
                slot.held_by = "окно 3"
            elif position == 4:
                slot.mark, slot.label = SlotMark.REFERRAL, "напр."
            start += timedelta(minutes=doctor.minutes)

    # --- questions ------------------------------------------------------------

    def greeting(self) -> dto.DeskGreeting:
        """Where and who."""
        with self._call("greeting"):
            return dto.DeskGreeting(
                clinic="Поликлиника № 1",
                branch_id=1,
                branch="ул. Лесная, 5",
                desk="окно 2",
                operator="Соколова А. П.",
                now=self.now,
                demo=True,
                patients=1_000_214,
                branches=((1, "ул. Лесная, 5"), (2, "пр. Мира, 10")),
                services=SERVICES,
            )

    def find_patients(self, text: str, *, limit: int = 20, journalled: bool = False) -> dto.PatientPage:
        """Prefixes of the name parts, in any order."""
        with self._call("find_patients", text):
            found = [patient for patient in self.patients.values() if _matches(patient.name, text)]
            rows = tuple(self._patient_row(patient) for patient in found[:limit])
            draft = dto.PatientDraft(last_name=text.title()) if any(map(str.isalnum, text)) else None
            return dto.PatientPage(rows, f"ищу: «{text}…»", 1_000_214, len(found) > limit, draft)

    def prepare_search(self) -> None:
        """Nothing is kept in memory."""
        with self._call("prepare_search"):
            return

    def _patient_row(self, patient: Patient) -> dto.PatientRow:
        return dto.PatientRow(
            id=patient.id,
            full_name=patient.name,
            birth_date=date(1958, 5, 12),
            snils=patient.draft.snils,
            enp="7758840848000012" if patient.id != 3 else None,
            phone=patient.draft.phone or None,
            why="ФИО",
            district="12",
            attached_here=True,
        )

    def patient_card(self, patient_id: int) -> dto.PatientCard:
        """The card."""
        with self._call("patient_card", patient_id):
            return self._card(self.patients[patient_id])

    def _card(self, patient: Patient) -> dto.PatientCard:
        mine = [self._visit_row(visit) for visit in self.visits.values() if visit.patient_id == patient.id]
        warning = dto.Warning("late_restriction", "Поздняя отмена 14.11: самозапись закрыта до 14.12.")
        return dto.PatientCard(
            id=patient.id,
            version=patient.version,
            full_name=patient.name,
            short_name=f"{patient.draft.last_name} И. П.",
            sex="M",
            birth_date=date(1958, 5, 12),
            age=68,
            attachment="прикреплён: № 1, участок 12",
            warnings=(warning,) if patient.id == 1 else (),
            documents=(
                dto.DocumentLine("Паспорт", "45 03 123456", "предъявлен 01.09.2026", True),
                dto.DocumentLine("СНИЛС", patient.draft.snils or "нет", "сверен", bool(patient.draft.snils)),
                dto.DocumentLine("Полис", "7758 8408 4800 0012", "действует (реестр 20.11)", True),
            ),
            representatives=(),
            coming=tuple(row for row in mine if row.starts_at >= self.now and row.status == "booked"),
            past=tuple(row for row in mine if row.starts_at < self.now or row.status != "booked"),
            draft=patient.draft,
        )

    def _visit_row(self, visit: Visit) -> dto.VisitRow:
        doctor = visit.slot.doctor
        note = "отменён поздно" if visit.late else VISIT_STATUS_LABELS[visit.status]
        return dto.VisitRow(
            id=visit.id,
            number=f"{visit.id:04d}",
            patient_id=visit.patient_id,
            patient=self.patients[visit.patient_id].name,
            doctor=doctor.name,
            specialty=SPECIALTIES[doctor.specialty_id],
            room=doctor.room,
            starts_at=visit.slot.starts_at,
            minutes=doctor.minutes,
            status=visit.status,
            note=note,
        )

    def find_targets(
        self, text: str, *, patient_id: int | None = None, branch_id: int | None = None, limit: int = 12
    ) -> tuple[dto.BookingTarget, ...]:
        """Specialties, doctors, services and the other branch by prefix; empty text lists specialties."""
        with self._call("find_targets", text):
            wanted = text.casefold()
            targets = [
                self._target(TargetKind.SPECIALTY, number, title, self._free_of_specialty(number))
                for number, title in SPECIALTIES.items()
                if title.startswith(wanted)
            ]
            if wanted:
                targets += [
                    self._target(TargetKind.DOCTOR, doctor.id, doctor.name, self._free_of(doctor))
                    for doctor in self.doctors_by_id.values()
                    if doctor.name.casefold().startswith(wanted)
                ]
                targets += [
                    self._target(TargetKind.SERVICE, number, name, self._free_of_specialty(1))
                    for number, name, _ in SERVICES
                    if name.casefold().startswith(wanted)
                ]
                if "филиал № 2".startswith(wanted):
                    targets.append(self._target(TargetKind.BRANCH, 2, "Филиал № 2", []))
            return tuple(targets[:limit])

    def _target(self, kind: TargetKind, number: int, title: str, free: list[Slot]) -> dto.BookingTarget:
        nearest = min((slot.starts_at for slot in free), default=None)
        return dto.BookingTarget(kind, number, title, "", len(free), nearest)

    def _free_of(self, doctor: Doctor) -> list[Slot]:
        return [slot for slot in self.all_slots.values() if slot.doctor is doctor and self._bookable(slot)]

    def _free_of_specialty(self, number: int) -> list[Slot]:
        return [
            slot
            for slot in self.all_slots.values()
            if slot.doctor.specialty_id == number and self._bookable(slot)
        ]

    def _bookable(self, slot: Slot) -> bool:
        free = slot.mark is SlotMark.FREE and slot.visit_id is None and slot.held_by in (None, "окно 2")
        return free and slot.starts_at > self.now

    def doctors(self, specialty: str | None = None) -> tuple[dto.DoctorRow, ...]:
        """Not needed by the desk."""
        raise NotImplementedError

    def slots(self, query: dto.SlotQuery) -> tuple[dto.SlotRow, ...]:
        """Not needed by the desk."""
        raise NotImplementedError

    def grid(self, query: dto.GridQuery) -> dto.SlotGrid:
        """The day of the doctors, or the week of one."""
        with self._call("grid", query):
            doctors = self._doctors_of(query)
            free = sorted(
                (slot for doctor in doctors for slot in self._free_of(doctor) if self._fits(slot, query)),
                key=lambda slot: (slot.starts_at, slot.doctor.id),
            )
            nearest = free[0].starts_at if free else None
            day = query.day or (nearest.date() if nearest else self.now.date())
            days = [day]
            if query.doctor_id is not None:
                monday = day - timedelta(days=day.weekday())
                days = [monday + timedelta(days=number) for number in range(7)]
            columns = tuple(
                self._column(doctor, each, query, week=len(days) > 1) for each in days for doctor in doctors
            )
            columns = tuple(column for column in columns if column.cells)
            here = [slot for slot in free if slot.starts_at.date() in days]
            return dto.SlotGrid(
                title=self._title(query),
                day=day,
                columns=columns,
                free_count=len(here),
                first_suitable=here[0].id if here else None,
                nearest=nearest,
                strip="регистратура 9 · врач 2",
                services=SERVICES,
                doctors=tuple(
                    (doctor.id, doctor.name)
                    for doctor in self._doctors_of(replace(query, doctor_id=None, branch_id=None))
                ),
            )

    def _title(self, query: dto.GridQuery) -> str:
        match query.kind:
            case TargetKind.SPECIALTY:
                return SPECIALTIES[query.target_id]
            case TargetKind.DOCTOR:
                return self.doctors_by_id[query.target_id].name
            case _:
                return next(name for number, name, _ in SERVICES if number == query.target_id)

    def _doctors_of(self, query: dto.GridQuery) -> list[Doctor]:
        if query.doctor_id is not None:
            return [self.doctors_by_id[query.doctor_id]]
        if query.branch_id == 2:
            return []
        if query.kind is TargetKind.DOCTOR:
            return [self.doctors_by_id[query.target_id]]
        specialty = query.target_id if query.kind is TargetKind.SPECIALTY else 1
        return [doctor for doctor in self.doctors_by_id.values() if doctor.specialty_id == specialty]

    def _fits(self, slot: Slot, query: dto.GridQuery) -> bool:
        return query.minutes is None or slot.doctor.minutes >= query.minutes

    def _column(self, doctor: Doctor, day: date, query: dto.GridQuery, *, week: bool) -> dto.GridColumn:
        cells = tuple(
            self._cell(slot, query)
            for slot in self.all_slots.values()
            if slot.doctor is doctor and slot.starts_at.date() == day
        )
        title = f"{day:%d.%m}" if week else doctor.name
        return dto.GridColumn(doctor.id, day, title, f"каб. {doctor.room} · {doctor.minutes} мин", cells)

    def _cell(self, slot: Slot, query: dto.GridQuery) -> dto.SlotCell:
        mark, label = slot.mark, slot.label
        if slot.visit_id is not None:
            visit = self.visits[slot.visit_id]
            own = visit.patient_id == query.patient_id
            mark = SlotMark.OWN if own else SlotMark.BUSY
            label = self.patients[visit.patient_id].draft.last_name
        elif slot.held_by is not None:
            mark, label = SlotMark.HELD, slot.held_by
        elif slot.starts_at <= self.now:
            mark = SlotMark.PAST
        bookable = self._bookable(slot) and self._fits(slot, query)
        return dto.SlotCell(slot.id, slot.starts_at, slot.doctor.minutes, mark, label, bookable)

    def explain_slot(self, slot_id: int, patient_id: int | None = None) -> dto.SlotExplanation:
        """Whose a slot is, and the nearest free ones."""
        with self._call("explain_slot", slot_id, patient_id):
            slot = self.all_slots[slot_id]
            if self._bookable(slot):
                return dto.SlotExplanation("Свободно: можно записать.")
            who = slot.held_by or slot.label or "закрыто"
            return dto.SlotExplanation(f"Время взять нельзя: {who}.", self._ways(slot))

    def _ways(self, slot: Slot) -> tuple[WayOut, ...]:
        free = [other for other in self._free_of(slot.doctor) if other.id != slot.id][:3]
        return tuple(
            WayOut("slot", f"{other.starts_at:%d.%m %H:%M} {other.doctor.name}", other.id) for other in free
        )

    def visit(self, visit_id: int) -> dto.VisitView:
        """One visit."""
        with self._call("visit", visit_id):
            return self._view(self.visits[visit_id])

    def _view(self, visit: Visit) -> dto.VisitView:
        return dto.VisitView(
            id=visit.id,
            number=f"{visit.id:04d}",
            status=visit.status,
            patient_id=visit.patient_id,
            doctor_id=visit.slot.doctor.id,
            slot_id=visit.slot.id,
            starts_at=visit.slot.starts_at,
            minutes=visit.slot.doctor.minutes,
            room=visit.slot.doctor.room,
            ticket_code=f"{visit.id:020d}",
            late=visit.late,
            previous_visit_id=visit.replaces,
        )

    def day_list(self, day: date | None = None, *, doctor_id: int | None = None) -> dto.DayList:
        """Today's visits."""
        with self._call("day_list", day):
            wanted = day or self.now.date()
            rows = sorted(
                (self._visit_row(v) for v in self.visits.values() if v.slot.starts_at.date() == wanted),
                key=lambda row: row.starts_at,
            )
            over = [
                row
                for row in rows
                if row.status == "booked" and row.starts_at + timedelta(minutes=row.minutes) <= self.now
            ]
            expected = sum(row.status == "booked" for row in rows) - len(over)
            arrived = sum(row.status == "arrived" for row in rows)
            return dto.DayList(wanted, tuple(rows), expected, arrived, len(over))

    # --- commands ---------------------------------------------------------------

    def offer(
        self, slot_id: int, patient_id: int, *, service_id: int | None = None, move_of: int | None = None
    ) -> dto.BookingOffer:
        """Hold a slot; a taken one is refused."""
        with self._call("offer", slot_id, patient_id, service_id, move_of):
            slot = self._free_slot(slot_id)
            slot.held_by = "окно 2"
            self.stamp += 1
            warnings: tuple[dto.Warning, ...] = ()
            if any(v.patient_id == patient_id and v.status == "booked" for v in self.visits.values()):
                warnings = (dto.Warning("overlap", "В этот день есть другой приём."),)
            sentence = f"{slot.starts_at:%d.%m, %H:%M}, кабинет {slot.doctor.room}, {slot.doctor.name}."
            until = datetime.now(UTC) + timedelta(minutes=3)
            return dto.BookingOffer(slot_id, patient_id, sentence, warnings, until)

    def _free_slot(self, slot_id: int) -> Slot:
        slot = self.all_slots[slot_id]
        if not self._bookable(slot):
            raise Refusal("slot_taken", "Выбранное время уже занято.", ways_out=self._ways(slot))
        return slot

    def release(self, slot_id: int) -> None:
        """Give a held slot back."""
        with self._call("release", slot_id):
            slot = self.all_slots[slot_id]
            if slot.held_by == "окно 2":
                slot.held_by = None
                self.stamp += 1

    def take_elsewhere(self, slot_id: int, who: str = "Абрамова") -> None:
        """Another desk books the slot."""
        with self._lock:
            slot = self.all_slots[slot_id]
            slot.mark, slot.label, slot.held_by = SlotMark.BUSY, who, None
            self.stamp += 1

    def book(self, command: dto.BookVisit) -> dto.VisitView:
        """Book; the same op_id gives the first answer."""
        with self._call("book", command):
            answer = self.done.get(command.op_id)
            if not isinstance(answer, dto.VisitView):
                answer = self._new_visit(command.patient_id, command.slot_id, None)
                self.done[command.op_id] = answer
                self.last = ("book", answer.id)
            return answer

    def _new_visit(self, patient_id: int, slot_id: int, replaces: int | None) -> dto.VisitView:
        slot = self._free_slot(slot_id)
        visit = Visit(len(self.visits) + 412, patient_id, slot, replaces=replaces)
        self.visits[visit.id] = visit
        slot.visit_id, slot.held_by = visit.id, None
        self.stamp += 1
        return self._view(visit)

    def add_visit(self, patient_id: int, slot_id: int, status: str = "booked") -> Visit:
        """Put a visit into the clinic beforehand."""
        view = self._new_visit(patient_id, slot_id, None)
        self.visits[view.id].status = status
        return self.visits[view.id]

    def slot_at(self, doctor_id: int, moment: datetime) -> Slot:
        """Find a slot by doctor and start."""
        return next(
            slot
            for slot in self.all_slots.values()
            if slot.doctor.id == doctor_id and slot.starts_at == moment
        )

    def book_first_free(self, command: dto.BookFirstFree) -> dto.VisitView:
        """Not needed by the desk."""
        raise NotImplementedError

    def move(self, command: dto.MoveVisit) -> dto.VisitView:
        """Claim first, then free."""
        with self._call("move", command):
            answer = self.done.get(command.op_id)
            if not isinstance(answer, dto.VisitView):
                old = self.visits[command.visit_id]
                answer = self._new_visit(old.patient_id, command.slot_id, old.id)
                old.status, old.slot.visit_id = "cancelled", None
                self.done[command.op_id] = answer
                self.last = ("move", answer.id)
            return answer

    def cancel(self, command: dto.CancelVisit) -> dto.VisitView:
        """Cancel; late within 24 hours by the patient."""
        with self._call("cancel", command):
            answer = self.done.get(command.op_id)
            if not isinstance(answer, dto.VisitView):
                visit = self.visits[command.visit_id]
                visit.status, visit.slot.visit_id = "cancelled", None
                visit.late = command.by == "patient" and visit.slot.starts_at - self.now < timedelta(hours=24)
                answer = self.done[command.op_id] = self._view(visit)
                self.last = ("cancel", visit.id)
                self.stamp += 1
            return answer

    def undo(self, *, op_id: str) -> dto.VisitView | MergeView:
        """Take back the last booking, cancellation or merge."""
        with self._call("undo", op_id):
            if self.merges:
                return self.parted()
            if self.last is None:
                raise Refusal("nothing_to_undo", "Отменять нечего.")
            (what, visit_id), self.last = self.last, None
            visit = self.visits[visit_id]
            if what == "cancel":
                visit.status, visit.slot.visit_id = "booked", visit.id
            else:
                visit.status, visit.slot.visit_id = "cancelled", None
            self.stamp += 1
            return self._view(visit)

    def arrive(self, code_or_visit: str, *, op_id: str) -> dto.VisitView:
        """Record an arrival by code or id."""
        with self._call("arrive", code_or_visit, op_id):
            visit = self.visits.get(int(code_or_visit)) if code_or_visit.isdigit() else None
            if visit is None:
                raise Refusal("unknown", "Талона с таким номером нет.")
            if visit.status == "arrived" and op_id not in self.done:
                raise Refusal("already-arrived", "По этому талону пациент уже отмечен.")
            visit.status = "arrived"
            self.stamp += 1
            answer = self.done[op_id] = self._view(visit)
            return answer

    def verify_ticket(self, code: str) -> dto.TicketCheck:
        """Not needed by the desk."""
        return dto.TicketCheck(TicketVerdict.UNKNOWN, None, "")

    def register_patient(self, draft: dto.PatientDraft, *, op_id: str) -> dto.PatientCard:
        """Create a card; empty names and a bad СНИЛС are refused."""
        with self._call("register_patient", draft, op_id):
            self._validate(draft)
            answer = self.done.get(op_id)
            if not isinstance(answer, dto.PatientCard):
                patient = Patient(len(self.patients) + 1, draft)
                self.patients[patient.id] = patient
                answer = self.done[op_id] = self._card(patient)
            return answer

    def edit_patient(
        self, patient_id: int, version: int, draft: dto.PatientDraft, *, op_id: str
    ) -> dto.PatientCard:
        """Change a card unless another desk was quicker."""
        with self._call("edit_patient", patient_id, version, draft, op_id):
            patient = self.patients[patient_id]
            if patient.version != version:
                raise Refusal("stale_edit", "Карточку только что изменили на другом окне.")
            self._validate(draft)
            patient.draft, patient.version = draft, version + 1
            return self._card(patient)

    def _validate(self, draft: dto.PatientDraft) -> None:
        problems = []
        if not draft.first_name:
            problems.append(FieldError("first_name", "empty", "Укажите имя."))
        if draft.snils and sum(character.isdigit() for character in draft.snils) != 11:
            problems.append(FieldError("snils", "length", "СНИЛС: нужно 11 цифр."))
        if problems:
            raise FieldErrors(tuple(problems))

    def ticket(self, visit_id: int) -> dto.TicketView:
        """What the ticket says."""
        with self._call("ticket", visit_id):
            row = self._visit_row(self.visits[visit_id])
            return dto.TicketView(
                number=row.number,
                code=f"{visit_id:020d}",
                clinic="Поликлиника № 1",
                branch="Филиал № 1",
                address="ул. Лесная, 5",
                clinic_phone="+7 495 123-45-67",
                starts_at=row.starts_at,
                minutes=row.minutes,
                room=row.room,
                floor="2",
                doctor=row.doctor,
                specialty=row.specialty,
                service="",
                patient=row.patient,
                birth_year=1958,
                bring=("паспорт", "полис"),
                issued_at=self.now,
                issued_by="Соколова А. П.",
                status=row.note,
            )

    def print_ticket(
        self, visit_id: int, *, form: TicketFormat = "a6", out: Path | None = None, printer: str | None = None
    ) -> Path:
        """Name the file; nothing is written."""
        with self._call("print_ticket", visit_id):
            return self.tickets / f"talon-{visit_id:04d}.pdf"

    def day_tickets(self, day: date, *, out: Path, form: TicketFormat = "a4") -> int:
        """Not needed by the desk."""
        raise NotImplementedError

    def close(self) -> None:
        """Note that the base was let go."""
        self.calls.append(("close", ()))

    def still_admitted(self) -> None:
        """Everybody is, until a test says otherwise."""
        with self._call("still_admitted"):
            return

    def change_stamp(self) -> object:
        """Changes with every write."""
        with self._call("change_stamp"):
            return self.stamp


def _matches(name: str, text: str) -> bool:
    words = name.casefold().split()
    return all(any(word.startswith(part) for word in words) for part in text.casefold().split())
