"""Who may come in and what they may do: passwords, delays, sessions, roles, the last administrator."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import argon2
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from registrar_tui import bootstrap
from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import NotAllowed, Refusal, RegistrarError, UsageError
from registrar_tui.models import Operator, OperatorSession
from registrar_tui.office_services import OfficeServices
from registrar_tui.services import dto, operators
from registrar_tui.services.permissions import ROLES, Permission, may_override
from registrar_tui.storage.token_file import forget_token, read_token, write_token
from tests.integration.bases import Clinic, new_op
from tests.integration.real_clinic import STAFF, CheapHasher, RealClinic, password_of
from tests.integration.test_registration import DRAFT
from tests.integration.tiny_clinic import MONDAY, MORNING, THERAPIST, slot_id


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Iterator[CheapHasher]:
    """Passwords cost nothing here, and every computation is counted."""
    cheap = CheapHasher()
    monkeypatch.setattr(operators, "_hasher", lambda: cheap)
    operators._nobodys_hash.cache_clear()
    yield cheap
    operators._nobodys_hash.cache_clear()


@pytest.fixture
def empty(clinic: Clinic, hasher: CheapHasher) -> Iterator[RealClinic]:
    """A working base that nobody can sign in to yet."""
    real = RealClinic(clinic)
    yield real
    real.close()


@pytest.fixture
def real(empty: RealClinic) -> RealClinic:
    """A working base with one operator of each role."""
    return empty.staffed()


@pytest.fixture
def real_file(sqlite_clinic: Clinic, hasher: CheapHasher) -> Iterator[RealClinic]:
    """The same in a file only: for what does not depend on the store."""
    real = RealClinic(sqlite_clinic).staffed()
    yield real
    real.close()


def refused(work: Callable[[], object], code: str) -> str:
    """Check that the work is not allowed (exit 5) and return what was told."""
    with pytest.raises(NotAllowed) as told:
        work()
    assert (told.value.code, told.value.exit_code) == (code, 5)
    return told.value.message


# --- the table of roles -------------------------------------------------------

DESK = {"find", "numbers", "open-card", "edit-card", "book", "override", "arrive", "print"}
MAY: dict[str, set[str]] = {
    "registrar": DESK,
    "senior": DESK | {"schedule", "export", "import", "merge"},
    "administrator": {"schedule", "rules", "operators", "maintain", "import"},
    "auditor": {"find", "read-journal"},
    "demo": {right.value for right in Permission},
}


def test_the_table_of_roles() -> None:
    assert {role: set(rights) for role, rights in ROLES.items()} == MAY


Use = Callable[[RealClinic, str], object]


def _desk(work: Callable[[DeskServices], object]) -> Use:
    return lambda real, token: work(real.desk_of(token))


def _office(work: Callable[[OfficeServices], object]) -> Use:
    return lambda real, token: work(real.office_of(token))


FREE = slot_id(THERAPIST, 1, 2)
VISIT, SECOND = 1, 2
USES: list[tuple[str, Use]] = [
    ("find", _desk(lambda desk: desk.find_patients("Абрикосов"))),
    ("find", _desk(lambda desk: desk.visit(VISIT))),
    ("open-card", _desk(lambda desk: desk.patient_card(1))),
    ("open-card", _desk(lambda desk: desk.grid(dto.GridQuery(dto.TargetKind.SPECIALTY, 1, MONDAY)))),
    ("open-card", _desk(lambda desk: desk.explain_slot(FREE))),
    ("open-card", _desk(lambda desk: desk.day_list())),
    ("edit-card", _desk(lambda desk: desk.register_patient(DRAFT, op_id=new_op()))),
    ("edit-card", _desk(lambda desk: desk.edit_patient(1, 1, DRAFT, op_id=new_op()))),
    ("book", _desk(lambda desk: desk.offer(FREE, 3))),
    ("book", _desk(lambda desk: desk.book(dto.BookVisit(new_op(), 3, FREE)))),
    ("book", _desk(lambda desk: desk.book_first_free(dto.BookFirstFree(new_op(), 3, "терапевт")))),
    ("book", _desk(lambda desk: desk.move(dto.MoveVisit(new_op(), SECOND, FREE)))),
    ("book", _desk(lambda desk: desk.cancel(dto.CancelVisit(new_op(), VISIT, "patient-ill")))),
    ("book", _desk(lambda desk: (desk.book(dto.BookVisit(new_op(), 3, FREE)), desk.undo(op_id=new_op())))),
    ("arrive", _desk(lambda desk: desk.verify_ticket("1"))),
    ("arrive", _desk(lambda desk: desk.arrive(str(VISIT), op_id=new_op()))),
    ("print", _desk(lambda desk: desk.ticket(VISIT))),
    ("print", _desk(lambda desk: desk.print_ticket(VISIT, form="text"))),
    ("operators", _office(lambda office: office.operators())),
    ("operators", _office(lambda office: office.add_operator("new", "", "senior", "long-enough"))),
    ("operators", _office(lambda office: office.set_password("vic", "long-enough"))),
    ("operators", _office(lambda office: office.set_role("vic", "registrar"))),
    ("operators", _office(lambda office: office.set_active("vic", active=False))),
    ("read-journal", _office(lambda office: office.journal())),
    ("read-journal", _office(lambda office: office.exported_journal())),
    ("read-journal", _office(lambda office: office.verify_journal())),
]


ALLOWED = [
    (login, place)
    for login, role in STAFF.items()
    for place in range(len(USES))
    if USES[place][0] in MAY[role]
]


@pytest.fixture
def busy(real_file: RealClinic) -> RealClinic:
    """Two visits that somebody may move or cancel, and one more senior to be changed."""
    desk = real_file.desk("reg")
    first = desk.book(dto.BookVisit(new_op(), 1, slot_id(THERAPIST, 0, 4)))
    second = desk.book(dto.BookVisit(new_op(), 2, slot_id(THERAPIST, 2, 5)))
    assert (first.id, second.id) == (VISIT, SECOND)
    real_file.office("adm").add_operator("vic", "", "senior", password_of("vic"))
    real_file.settle()
    return real_file


@pytest.mark.parametrize(("login", "place"), ALLOWED)
def test_what_a_role_may(busy: RealClinic, login: str, place: int) -> None:
    USES[place][1](busy, busy.sign_in(login))


@pytest.mark.parametrize("login", STAFF)
def test_what_a_role_may_not(busy: RealClinic, login: str) -> None:
    token = busy.sign_in(login)
    tried = 0
    for right, use in USES:
        if right in MAY[STAFF[login]]:
            continue
        with busy.written() as written:
            told = refused(lambda use=use: use(busy, token), "not_allowed")  # type: ignore[misc]
        assert told.startswith("У роли «")
        assert not written, "what is not allowed changes and writes nothing"
        tried += 1
    assert tried == len(USES) - sum(who == login for who, _ in ALLOWED) > 5


def test_an_auditor_finds_masked_numbers_only(real: RealClinic) -> None:
    card = real.desk("reg").register_patient(DRAFT, op_id=new_op())
    seen = real.desk("reg").find_patients("Соловьёв").rows[0]
    assert (seen.snils, seen.phone) == ("11223344595", "+79161234567")
    for text in ("Соловьёв", "112-233-445 95", "4567"):
        page = real.desk("aud").find_patients(text)
        row = next(row for row in page.rows if row.id == card.id)
        assert row.snils and row.snils.endswith("4595") and set(row.snils[:-4]) == {"·"}
        assert row.phone and row.phone.endswith("4567") and "916" not in row.phone
        assert "11223344595" not in repr(page) and "79161234567" not in repr(page)
        assert page.draft is None


def test_who_may_go_against_a_rule() -> None:
    table = {role: (may_override(role, "registrar"), may_override(role, "senior")) for role in MAY}
    assert table == {
        "registrar": (True, False),
        "senior": (True, True),
        "administrator": (False, False),
        "auditor": (False, False),
        "demo": (True, True),
    }
    assert not any(may_override(role, None) for role in MAY)


# --- signing in ---------------------------------------------------------------


def test_nobody_works_without_signing_in(real: RealClinic) -> None:
    for build in (bootstrap.build, bootstrap.build_office):
        assert "operator login" in refused(lambda build=build: build(real.config()), "not_signed_in")  # type: ignore[misc]
        assert refused(lambda build=build: build(real.config(), token="x"), "not_signed_in")  # type: ignore[misc]


def test_the_demo_operator_is_for_a_demo_base_only(real: RealClinic) -> None:
    refused(lambda: bootstrap.build(real.config(operator="demo")), "not_signed_in")
    refused(lambda: real.sign_in("demo", ""), "sign_in_failed")
    real.clinic.add(Operator(login="demo", name="", role="demo", active=True))
    refused(lambda: bootstrap.build(real.config(operator="demo")), "not_signed_in")
    refused(lambda: real.sign_in("demo", "demo"), "sign_in_failed")
    with pytest.raises(UsageError):
        real.office("adm").add_operator("guest", "", "demo", "long-enough")
    with pytest.raises(UsageError):
        real.office("adm").set_role("reg", "demo")


def test_another_name_than_the_one_signed_in(real: RealClinic) -> None:
    token = real.sign_in("reg")
    config = real.config(operator="SEN")
    refused(lambda: bootstrap.build(config, clock=real.clock, token=token), "not_signed_in")
    bootstrap.build(real.config(operator="REG"), clock=real.clock, token=token).close()


def test_a_session_lasts_twelve_hours(real: RealClinic) -> None:
    token = real.sign_in("reg")
    assert real.office_of(token).whoami(token)["until"] == MORNING + timedelta(hours=12)
    real.clinic.advance(hours=11, minutes=59)
    real.desk_of(token)
    real.clinic.advance(minutes=1)
    refused(lambda: real.desk_of(token), "not_signed_in")


@pytest.mark.parametrize("change", ["password", "own password", "block", "sign out"])
def test_sessions_end_with(real: RealClinic, change: str) -> None:
    token, other = real.sign_in("reg"), real.sign_in("reg", desk="окно 2")
    bystander = real.sign_in("sen")
    match change:
        case "password":
            real.office("adm").set_password("reg", "another-password")
        case "own password":
            real.office_of(token).set_password("reg", "another-password")
        case "block":
            real.office("adm").set_active("reg", active=False)
        case "sign out":
            real.office_of(token).sign_out(token)
    refused(lambda: real.desk_of(token), "not_signed_in")
    if change == "sign out":
        real.desk_of(other)
    else:
        refused(lambda: real.desk_of(other), "not_signed_in")
        refused(lambda: real.sign_in("reg"), "sign_in_failed")
    real.desk_of(bystander)


def test_unblocked_operators_come_back(real: RealClinic) -> None:
    office = real.office("adm")
    office.set_active("reg", active=False)
    assert office.set_active("reg", active=True)["active"]
    real.desk("reg")


def test_a_password_set_by_another_is_to_be_changed(real: RealClinic) -> None:
    real.office("adm").set_password("reg", password_of("reg"))
    token = real.sign_in("reg")
    assert real.office_of(token).whoami(token)["must_change"]
    real.office_of(token).set_password("reg", "my-own-password")
    token = real.sign_in("reg", "my-own-password")
    assert not real.office_of(token).whoami(token)["must_change"]


def test_the_token_itself_is_not_in_the_base(real: RealClinic) -> None:
    token = real.sign_in("reg")
    with real.clinic.read() as session:
        rows = session.exec(select(OperatorSession)).all()
        people = session.exec(select(Operator)).all()
    assert token not in repr(rows)
    assert all(row.password_hash and row.password_hash.startswith("$argon2id$") for row in people)


def test_logins_in_any_case_and_space(real: RealClinic) -> None:
    assert real.office("adm").add_operator(" Anna ", " Орлова  А. В. ", "senior", "long-enough") == {
        "login": "anna",
        "name": "Орлова А. В.",
        "role": "senior",
        "role_name": "старший регистратор",
        "active": True,
        "locked_until": None,
    }
    assert real.sign_in(" ANNA", "long-enough")
    with pytest.raises(Refusal) as told:
        real.office("adm").add_operator("ANNA", "", "senior", "long-enough")
    assert told.value.code == "already_exists"


@pytest.mark.parametrize("login", ["", "a", "a b", "-a", "a" * 33, "a/b", "a\x1b[2J", "анна!"])
def test_logins_that_are_none(real_file: RealClinic, login: str) -> None:
    with pytest.raises(UsageError) as told:
        real_file.office("adm").add_operator(login, "", "senior", "long-enough")
    assert told.value.field == "login"


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
def test_passwords_that_are_none(real_file: RealClinic, password: str) -> None:
    office = real_file.office("adm")
    works: list[Callable[[], object]] = [
        lambda: office.add_operator("new", "", "senior", password),
        lambda: office.set_password("reg", password),
    ]
    for work in works:
        with pytest.raises(UsageError) as told:
            work()
        assert told.value.field == "password"


@pytest.mark.parametrize("work", ["set_password", "set_role", "set_active"])
def test_operators_that_are_not_there(real_file: RealClinic, work: str) -> None:
    office = real_file.office("adm")
    with pytest.raises(Refusal) as told:
        match work:
            case "set_password":
                office.set_password("nobody", "long-enough")
            case "set_role":
                office.set_role("nobody", "senior")
            case "set_active":
                office.set_active("nobody", active=False)
    assert told.value.code == "not_found"


# --- guessing -----------------------------------------------------------------


def test_the_delay_grows_and_survives_restarts(real: RealClinic) -> None:
    for _ in range(4):
        assert "Следующая попытка" not in refused(lambda: real.sign_in("reg", "guess"), "sign_in_failed")
    said, waits = [], []
    for _ in range(8):
        said.append(refused(lambda: real.sign_in("reg", "guess"), "sign_in_failed"))
        refused(lambda: real.sign_in("reg"), "sign_in_locked")
        with real.clinic.read() as session:
            until = session.exec(select(Operator).where(Operator.login == "reg")).one().locked_until
        assert until is not None
        wait = until - real.clock.utc()
        waits.append(wait.total_seconds())
        real.clinic.advance(seconds=wait.total_seconds() - 1)
        assert "через 1 с" in refused(lambda: real.sign_in("reg"), "sign_in_locked")
        real.clinic.advance(seconds=1)
    assert waits == [30, 60, 120, 240, 480, 960, 1800, 1800]
    assert [line.rsplit("через ", 1)[1] for line in said] == [
        *("30 с.", "1 мин.", "2 мин.", "4 мин.", "8 мин.", "16 мин.", "30 мин.", "30 мин.")
    ]
    real.sign_in("reg")
    assert "Следующая" not in refused(lambda: real.sign_in("reg", "guess"), "sign_in_failed")


def test_the_delay_is_one_operators_own(real: RealClinic) -> None:
    for _ in range(5):
        refused(lambda: real.sign_in("reg", "guess"), "sign_in_failed")
    real.sign_in("sen")


def test_a_new_password_lifts_the_delay(real: RealClinic) -> None:
    for _ in range(5):
        refused(lambda: real.sign_in("reg", "guess"), "sign_in_failed")
    real.office("adm").set_password("reg", "another-password")
    real.sign_in("reg", "another-password")


def test_an_unknown_name_costs_what_a_wrong_password_does(real: RealClinic, hasher: CheapHasher) -> None:
    real.office("adm").set_active("sen", active=False)
    costs, said = {}, set()
    for login in ("reg", "nobody", "sen", "", "x" * 500):
        operators._nobodys_hash.cache_clear()  # every command is a new process
        hasher.hashed = hasher.verified = 0
        said.add(refused(lambda login=login: real.sign_in(login, "guess"), "sign_in_failed"))  # type: ignore[misc]
        costs[login] = (hasher.hashed, hasher.verified)
    assert set(costs.values()) == {(0, 1)}
    assert len(said) == 1


def test_the_hash_of_nobody_costs_what_a_real_one_does() -> None:
    operators._nobodys_hash.cache_clear()
    nobody = argon2.extract_parameters(operators._nobodys_hash())
    assert nobody == argon2.extract_parameters(operators.hash_password("long-enough"))
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(operators._nobodys_hash(), "long-enough")


def test_guesses_at_once_are_all_counted(real: RealClinic) -> None:
    """Ten desks that guess together get five free tries in all, not five each."""
    codes: list[str] = []

    def guess(number: int) -> None:
        try:
            real.sign_in("reg", f"guess-{number}", desk=f"окно {number}")
        except NotAllowed as told:
            codes.append(told.code)

    _together([lambda number=number: guess(number) for number in range(10)])  # type: ignore[misc]
    assert sorted(codes) == ["sign_in_failed"] * 5 + ["sign_in_locked"] * 5


# --- the first and the last administrator -------------------------------------


def test_the_first_administrator_is_made_once(empty: RealClinic) -> None:
    assert not bootstrap.has_operators(empty.config())
    assert empty.first("boss") == {
        "login": "boss",
        "name": "boss",
        "role": "administrator",
        "role_name": "администратор",
        "active": True,
        "locked_until": None,
    }
    assert bootstrap.has_operators(empty.config())
    refused(lambda: empty.first("second"), "not_allowed")
    assert [row["login"] for row in empty.office("boss").operators()] == ["boss"]


def test_two_first_administrators_at_once(empty: RealClinic) -> None:
    made: list[str] = []

    def make(login: str) -> None:
        try:
            made.append(empty.first(login)["login"])
        except NotAllowed:
            return

    _together([lambda login=login: make(login) for login in ("boss", "chef", "head", "lead")])  # type: ignore[misc]
    assert len(made) == 1
    assert [row["login"] for row in empty.office(made[0]).operators()] == made


def test_the_last_administrator_stays(real: RealClinic) -> None:
    office = real.office("adm")
    works: list[Callable[[], object]] = [
        lambda: office.set_role("adm", "senior"),
        lambda: office.set_active("adm", active=False),
    ]
    for work in works:
        with pytest.raises(Refusal) as told:
            work()
        assert (told.value.code, told.value.exit_code) == ("last_administrator", 1)
    office.add_operator("adm2", "", "administrator", password_of("adm2"))
    real.settle()
    assert office.set_active("adm", active=False)["active"] is False
    second = real.office("adm2")
    with pytest.raises(Refusal):
        second.set_role("adm2", "registrar")
    second.set_active("adm", active=True)
    assert second.set_role("adm2", "registrar")["role"] == "registrar"


def test_administrators_who_remove_each_other_at_once(real: RealClinic) -> None:
    """Neither sees what the other is about to commit: without a lock both would succeed."""
    real.office("adm").add_operator("adm2", "", "administrator", password_of("adm2"))
    real.settle()
    tokens = {login: real.sign_in(login) for login in ("adm", "adm2")}
    offices = {login: real.office_of(token) for login, token in tokens.items()}
    for _ in range(8):
        ended: list[str] = []

        def remove(mine: str, other: str, ended: list[str] = ended) -> None:
            try:
                offices[mine].set_role(other, "senior")
                ended.append("done")
            except RegistrarError as told:
                ended.append(told.code)

        _together([lambda: remove("adm", "adm2"), lambda: remove("adm2", "adm")])
        assert ended.count("done") == 1
        assert set(ended) <= {"done", "last_administrator", "not_signed_in"}
        back = update(Operator).where(col(Operator.login).in_(tokens)).values(role="administrator")
        real.clinic.write(lambda session, back=back: session.execute(back))  # type: ignore[misc]


def _together(work: list[Callable[[], None]]) -> None:
    barrier = threading.Barrier(len(work))
    broken: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        barrier.wait()
        try:
            task()
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not broken, broken


# --- the token file -----------------------------------------------------------


def test_the_token_file_is_private(real_file: RealClinic) -> None:
    file = real_file.config().token_file
    assert read_token(file) is None
    write_token(file, real_file.sign_in("reg"))
    assert file.stat().st_mode & 0o777 == 0o600
    bootstrap.build(real_file.config(), clock=real_file.clock).close()
    forget_token(file)
    refused(lambda: bootstrap.build(real_file.config(), clock=real_file.clock), "not_signed_in")
    forget_token(file)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o606, 0o610])
def test_a_token_that_others_could_read_is_refused(real_file: RealClinic, mode: int) -> None:
    file = real_file.config().token_file
    write_token(file, real_file.sign_in("reg"))
    file.chmod(mode)
    told = refused(lambda: bootstrap.build(real_file.config(), clock=real_file.clock), "not_allowed")
    assert "открыт другим" in told
    write_token(file, real_file.sign_in("reg"))
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_is_no_token_file(real_file: RealClinic) -> None:
    file = real_file.config().token_file
    target = file.with_name("elsewhere")
    write_token(target, real_file.sign_in("reg"))
    file.symlink_to(target)
    refused(lambda: bootstrap.build(real_file.config(), clock=real_file.clock), "not_signed_in")
    before = target.read_text()
    write_token(file, real_file.sign_in("reg"))
    assert not file.is_symlink() and target.read_text() == before


def test_what_is_no_token_opens_nothing(real_file: RealClinic) -> None:
    file = real_file.config().token_file
    for content in (b"", b"\n", b"\xff\xfe\x00", b"x" * 5000):
        forget_token(file)
        write_token(file, "x")
        file.write_bytes(content)
        refused(lambda: bootstrap.build(real_file.config(), clock=real_file.clock), "not_signed_in")
    forget_token(file)
    makers: list[tuple[Callable[[], None], Callable[[], None]]] = [
        (file.mkdir, file.rmdir),
        (lambda: os.mkfifo(file), file.unlink),
    ]
    for make, unmake in makers:
        make()
        refused(lambda: bootstrap.build(real_file.config(), clock=real_file.clock), "not_signed_in")
        unmake()
