"""The search on a real base, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import sqlcipher3.dbapi2
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel, col, create_engine, select

from registrar_tui import models
from registrar_tui.services import dto, surname_index, surname_memory
from registrar_tui.services import search_ways as ways
from registrar_tui.services.prepared import engine_of
from registrar_tui.services.search import find_patients
from registrar_tui.services.search_keys import number_key, other_layout, patient_keys
from registrar_tui.services.search_query import Birth, Names
from registrar_tui.services.search_statements import Question
from registrar_tui.services.target_search import find_specialty, match_targets

TODAY = date(2026, 11, 23)
BRANCHES = {1: "Поликлиника № 1", 2: "Поликлиника № 2 «Заречная»"}
# Invented paper policies: the first one's number is that of card 4, the second says who card 2 is.
SCAN = ("02001B909FE89D240C853821750FD740E73F79385F7505E6".ljust(120, "0") + "0148C3").ljust(260, "0")
OTHER_SCAN = "02001B86E4A1C6993E5D039C7503BF5D04E13BF8137D14D341C38".ljust(120, "0") + f"0253F2{'0' * 134}"
PEOPLE: list[tuple[int, str, str, str, str, dict[str, Any]]] = [
    (1, "Иванов", "Иван", "Петрович", "1958-05-12", {"snils": "11223344595", "phone": "+79161234567"}),
    (2, "Иванова", "Ивета", "Сергеевна", "1958-11-03", {"phone": "+79037771102"}),
    (3, "Иващенко", "Ивар", "Олегович", "1958-01-30", {}),
    (4, "Иванов", "Игорь", "Павлович", "1971-02-01", {"enp": "7758840848000012"}),
    (5, "Ёлкин", "Пётр", "", "1990-12-05", {}),
    (6, "Салтыков-Щедрин", "Михаил", "Евграфович", "1966-01-27", {}),
    (7, "Хоменко", "Анна", "Ильинична", "2012-05-12", {}),
    (8, "Мамедов", "Вагиф", "Гасан оглы", "1984-07-07", {"phone": "+79169994567"}),
    (9, "Сидорова", "Мария", "Алексеевна", "1958-05-12", {}),
    (10, "Сидоренко", "Мария", "Алексеевна", "1984-05-12", {"merged_into_id": 9}),
    (11, "Кузнецова", "Екатерина", "Дмитриевна", "1912-05-12", {}),
    (12, "Петров", "Иван", "Иванович", "1985-03-04", {"snils": "08765430300"}),
    (13, "Петров", "Иван", "Андреевич", "1985-04-04", {}),
    (14, "100%_*'\"\\", "[red]", "", "2000-01-01", {}),
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("search")
        made = create_engine(f"sqlite:///{folder / 'base.db'}", module=sqlcipher3.dbapi2)
        yield from _filled(made)
        return
    url = os.environ.get("REGISTRAR_TEST_PG_URL")
    if not url:
        pytest.skip("REGISTRAR_TEST_PG_URL is not set: the search was not tested on PostgreSQL")
    schema = f"search_{secrets.token_hex(6)}"
    options = {"options": f"-c search_path={schema}", "prepare_threshold": None}
    made = create_engine(url, connect_args=options)
    with made.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    try:
        yield from _filled(made)
    finally:
        with made.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        made.dispose()


def _filled(engine: Engine) -> Iterator[Engine]:
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        _clinic(session)
        for number, last, first, middle, born, more in sorted(
            PEOPLE, key=lambda row: "merged_into_id" in row[5]
        ):
            keys = patient_keys(last, first, middle, more.get("phone"))
            session.add(
                models.Patient(
                    id=number,
                    last_name=last,
                    first_name=first,
                    middle_name=middle,
                    birth_date=date.fromisoformat(born),
                    sex="M",
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                    **{**more, **keys},
                )
            )
            session.flush()
            surname_index.add(session, str(keys["last_key"]))
        _documents(session)
        session.commit()
    yield engine


def _clinic(session: Session) -> None:
    session.add_all(models.Branch(id=n, name=name, address="ул. Лесная, 5") for n, name in BRANCHES.items())
    session.flush()
    session.add(models.Room(id=1, branch_id=1, number="214"))
    specialties = [
        ("cardio", "Кардиолог", "сердце экг", True),
        ("therapist", "Терапевт", "участковый врач", False),
        ("ent", "Оториноларинголог", "лор ухо горло нос", True),
        ("gyn", "Акушер-гинеколог", "гинеколог", False),
        ("tele", "Телемедицина", "", False),
    ]
    for number, (code, name, synonyms, narrow) in enumerate(specialties, 1):
        session.add(models.Specialty(id=number, code=code, name=name, synonyms=synonyms, narrow=narrow))
    session.flush()
    doctors = [
        (1, "Белова", 2, True),
        (2, "Орлова", 1, True),
        (3, "Белова", 1, False),
        (4, "Кардашев", 2, True),
    ]
    for number, last, specialty, accepting in doctors:
        session.add(
            models.Doctor(
                id=number,
                last_name=last,
                first_name="Нина",
                middle_name="Викторовна",
                specialty_id=specialty,
                branch_id=1,
                room_id=1,
                post="врач",
                accepting=accepting,
            )
        )
    session.add(
        models.Service(
            id=1, code="B01.015.001", name="Первичный приём кардиолога", specialty_id=1, minutes=30
        )
    )
    session.add(
        models.Service(id=2, code="A05.10.006", name="Электрокардиография", specialty_id=1, minutes=15)
    )
    session.flush()


def _documents(session: Session) -> None:
    session.add(models.Policy(patient_id=1, kind="С", number="АБ-12345", valid_from=date(2000, 1, 1)))
    session.add(models.Policy(patient_id=1, kind="П", number="7758999999000017", valid_from=date(2020, 1, 1)))
    session.add(models.Policy(patient_id=7, kind="В", number="123456789"))
    session.add(models.Policy(patient_id=4, kind="П", number="7758840848000012"))
    session.add(models.Policy(patient_id=3, kind="С", series="ВГ", number="54321"))
    session.add(models.Policy(patient_id=6, kind="С", series="45-06", number="7654321"))
    for person, series, number in ((1, "45 08", "123456"), (7, "I-АК", "654321")):
        key = number_key(series, number)
        session.add(models.IdentityDocument(patient_id=person, series=series, number=number, number_key=key))
    for person, branch, status in ((13, 1, "active"), (12, 2, "active"), (4, 1, "refused")):
        session.add(models.Attachment(patient_id=person, branch_id=branch, district="12", status=status))
    session.add(
        models.Slot(
            id=1,
            doctor_id=1,
            branch_id=1,
            room_id=1,
            starts_at=datetime(2026, 11, 24, 9),
            minutes=15,
            starts_utc=datetime(2026, 11, 24, 6, tzinfo=UTC),
        )
    )
    session.flush()
    session.add(
        models.Visit(
            id=412,
            patient_id=8,
            doctor_id=1,
            specialty_id=2,
            branch_id=1,
            room_id=1,
            slot_id=1,
            minutes=15,
            starts_at=datetime(2026, 11, 24, 9),
            starts_utc=datetime(2026, 11, 24, 6, tzinfo=UTC),
            status="booked",
            channel="desk",
            booked_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
    )


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


def find(session: Session, query: str, *, limit: int = 20, branch: int | None = 1) -> dto.PatientPage:
    return find_patients(session, query, limit=limit, today=TODAY, branch_id=branch)


def ids(page: dto.PatientPage) -> list[int]:
    return [row.id for row in page.rows]


@pytest.mark.parametrize(
    ("query", "found", "why"),
    [
        ("11223344595", [1], "СНИЛС"),
        ("112-233-445 95", [1], "СНИЛС"),
        ("Петров 112-233-445 95", [1], "СНИЛС"),
        ("7758840848000012", [4], "полис"),
        ("7758 9999 9900 0017", [1], "полис"),
        ("полис АБ-12345", [1], "полис"),
        ("вг 54321", [3], "полис"),
        ("полис ВГ 54321", [3], "полис"),
        ("ВГ-54321", [3], "полис"),
        ("45-06 7654321", [6], "полис"),
        ("снилс 4595", [1], "СНИЛС …4595"),
        ("0300", [12], "СНИЛС …0300"),
        ("30300", [12], "СНИЛС …0300"),
        ("енп 0012", [4], "полис …0012"),
        ("полис 6789", [7], "полис …6789"),
        ("00017", [1], "полис …0017"),
        ("паспорт 3456", [1], "документ …3456"),
        ("4321", [3, 6, 7], None),
        ("хоменко 4321", [7], "фамилия, документ …4321"),
        ("иванов 4595", [1], "фамилия, СНИЛС …4595"),
        ("хаменко 4321", [7], "похоже: Хоменко, документ …4321"),
        ("петров 0300", [12], "фамилия, СНИЛС …0300"),
        ("вагиф 0412", [], None),
        ("иванов 2017", [1, 4], "другой год"),
        ("зайцев 2017", [], None),
        ("иванов 7777", [1, 4], "другой номер"),
        ("иванов 12.06.1958", [1], "другая дата"),
        ("иванов 21.05.1958", [1], "другая дата"),
        ("иванов игорь павлович 01.02.1972", [4], "другая дата"),
        ("иванова 85", [2], "другой год"),
        ("[jvtyrj 2021", [7], "другой год, раскладка"),
        ("]Q110000000412123456789", [8], "талон"),
        ("ъЙ110000000412123456789", [8], "талон"),
        (SCAN, [4], "полис"),
        (other_layout(SCAN), [4], "полис"),
        (OTHER_SCAN, [2], "ФИО, дата рождения"),
        ("123456789", [7], "полис"),
        ("45 08 123456", [1], "документ"),
        ("паспорт 4508 № 123456", [1], "документ"),
        ("I-АК 654321", [7], "документ"),
        ("1-ак 654321", [7], "документ"),
        ("8 916 123-45-67", [1], "телефон …4567"),
        ("+79161234567", [1], "телефон …4567"),
        ("9994567", [8], "телефон …4567"),
        ("мамед 4567", [8], "фамилия, телефон …4567"),
        ("412", [8], "талон"),
        ("талон 0412", [8], "талон"),
        ("10000000412123456789", [8], "талон"),
        ("12.05.1958", [1, 9], "дата рождения"),
        ("иванов 120558", [1], "фамилия, дата рождения"),
        ("иван петрович 12.05.1958", [1], "ФИО, дата рождения"),
        ("ива ив 58", [1, 2, 3], "ФИО, год"),
        ("ив ива 1958", [1, 2, 3], "ФИО, год"),
        ("иван 58", [1, 2], "фамилия, год"),
        ("иванов и п", [1, 4], "ФИО"),
        ("Иванов И.П.", [1, 4], "ФИО"),
        ("и п ива", [1, 4], "ФИО"),
        ("иванов ип", [1, 4], "ФИО"),
        ("Иванов Иван Петрович", [1], "ФИО"),
        ("иван петрович иванов", [1], "ФИО"),
        ("петрович иванов иван", [1], "ФИО"),
        ("игорь иванов", [4], "ФИО"),
        ("иванов павлович", [4], "ФИО"),
        ("игорь павлович", [4], "ФИО"),
        ("елкин", [5], "фамилия"),
        ("ЁЛКИН", [5], "фамилия"),
        ("елкин петр", [5], "ФИО"),
        ("салтыков щедрин", [6], "ФИО"),
        ("салтыковщедрин м", [6], "ФИО"),
        ("Салтыков-Щедрин Михаил", [6], "ФИО"),
        ("щедрин", [6], "часть фамилии"),
        ("щедрин михаил", [6], "часть фамилии"),
        ("мамедов вагиф гасан оглы", [8], "ФИО"),
        ("[jvtyrj", [7], "фамилия, раскладка"),
        ("[jvtyrj f/b/", [7], "ФИО, раскладка"),
        ("хоменко fyyf", [7], "ФИО, раскладка"),
        ("кузницова", [11], "похоже: Кузнецова"),
        ("узнецова", [11], "похоже: Кузнецова"),
        ("кунзецова екатерина", [11], "похоже: Кузнецова"),
        ("repytwjdf", [11], "фамилия, раскладка"),
        ("repytwjda", [11], "похоже: Кузнецова, раскладка"),
        ("козницова", [11], "похоже: Кузнецова"),
        ("кузнетсова е", [11], "похоже: Кузнецова"),
        ("кузнецова екатирина", [11], "похоже: Кузнецова"),
        ("кузницова 1912", [11], "похоже: Кузнецова, год"),
        ("кузницова 12.05.1912", [11], "похоже: Кузнецова, дата рождения"),
        ("кузнецова 120512", [11], "фамилия, дата рождения"),
        ("хоменко 120512", [7], "фамилия, дата рождения"),
        ("щедрин 27.01.1966", [6], "похоже: Салтыков-Щедрин, дата рождения"),
        ("кузнитсова е", [11], "похоже: Кузнецова"),
        ("кузнитсофа 12.05.1912", [11], "похоже: Кузнецова, дата рождения"),
        ("[jvtyrj f b", [7], "ФИО, раскладка"),
        ("ИП Иванов", [1, 4], "ФИО"),
        ("салтыкав михаил", [6], "похоже: Салтыков-Щедрин"),
    ],
)
def test_every_kind_of_query(session: Session, query: str, found: list[int], why: str | None) -> None:
    page = find(session, query)
    assert sorted(ids(page)[: len(found)] if found else ids(page)) == found
    if why is None:
        return
    assert {row.why for row in page.rows[: len(found)]} <= {why}
    if not why.startswith(("похоже", "фамилия", "часть", "друг")):
        assert len(page.rows) == len(found)


def test_an_ambiguous_text_shows_both_meanings(session: Session) -> None:
    page = find(session, "4567")
    assert {row.id: row.why for row in page.rows} == {1: "телефон …4567", 8: "телефон …4567"}
    page = find(session, "0412")
    assert [row.why for row in page.rows] == ["талон"]
    page = find(session, "120512")
    assert {row.id for row in page.rows} == {7, 11}
    assert page.understood.startswith("дата рождения 12.05.1912 или 12.05.2012")


def test_no_meaning_of_the_digits_hides_another(session: Session) -> None:
    """A year is that of thousands; those whose phone or policy ends so are on the first page all the same."""
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(100, 160):
        keys: dict[str, Any] = patient_keys("Ногин", "Лев", "", "+79165551999" if number == 159 else None)
        session.add(
            models.Patient(
                id=number,
                last_name="Ногин",
                first_name="Лев",
                birth_date=date(1999, 1, 1 + number % 28) if number < 158 else date(1950, 1, 1),
                sex="M",
                snils={157: "00000002001", 158: "00000001999"}.get(number),
                created_at=created,
                **keys,
            )
        )
    session.flush()
    surname_index.add(session, "ногин")
    for query, rare in (("1999", {"СНИЛС …1999"}), ("ногин 1999", set[str]())):
        page = find(session, query, limit=9)
        reasons = [row.why.split(", ")[-1] for row in page.rows]
        assert (len(reasons), page.more) == (9, True)
        assert {"год", "телефон …1999"} | rare == set(reasons), query
    assert [(row.id, row.why) for row in find(session, "ногин 2001").rows] == [(157, "фамилия, СНИЛС …2001")]
    # Where bearers are many, only births that are told for one another are worth a look.
    other_year = find(session, "ногин 1951")
    assert [(row.id, row.why) for row in other_year.rows] == [(n, "другой год") for n in (158, 159)]
    assert other_year.understood.startswith("только похожие: ")
    assert find(session, "ногин 1976").rows == ()
    assert ids(find(session, "ногин 01.10.1950")) == [158, 159]
    session.rollback()


def test_the_same_surname_stands_before_longer_ones_and_similar_ones_are_last(session: Session) -> None:
    page = find(session, "иванов")
    assert ids(page)[:3] == [1, 4, 2]
    assert [row.why for row in page.rows] == ["фамилия"] * 3


def _crowd(session: Session) -> None:
    """Add more bearers of a surname than are read in one way, those of the second branch as the last ones."""
    for number in range(300, 440):
        own = number >= 434
        first, last = ("Яков" if number % 2 else "Лев"), ("Ногина" if number == 439 else "Ногин")
        middle = "Янович" if own else "Львович"
        keys: dict[str, Any] = dict(patient_keys(last, first, middle, None))
        session.add(
            models.Patient(
                id=number,
                last_name=last,
                first_name=first,
                middle_name=middle,
                birth_date=date(1999, 12 if own else 1, 1 + number % 28),
                sex="M",
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
                attached_branch_id=2 if own else None,
                **keys,
            )
        )
        session.flush()
        surname_index.add(session, last.lower())
        if own:
            session.add(models.Attachment(patient_id=number, branch_id=2, status="active"))
    session.flush()


@pytest.mark.parametrize(
    ("query", "own"),
    [
        ("ногин", [434, 436, 438, 435, 437]),
        ("ног", [434, 436, 438, 435, 437, 439]),
        ("ногин яков", [435, 437]),
        ("ногин л", [434, 436, 438]),
        ("ног л", [434, 436, 438]),
        ("ногин 1999", [434, 436, 438, 435, 437]),
        ("ног л 1999", [434, 436, 438]),
        ("лев ногин", [434, 436, 438]),
    ],
)
def test_people_of_this_branch_stand_first_of_however_many(
    session: Session, query: str, own: list[int]
) -> None:
    """Whoever is attached here is found among all who are called so, not only among those that were read."""
    _crowd(session)
    here = find(session, query, limit=20, branch=2)
    assert sorted(ids(here)[: len(own)]) == sorted(own), query
    assert len(here.rows) == 20 and here.more and not here.rows[len(own)].attached_here
    assert len(set(ids(here))) == 20
    assert not any(row.attached_here for row in find(session, query, branch=1).rows)
    assert not set(own) & set(ids(find(session, query, branch=None)))
    session.rollback()


def test_people_of_this_branch_stand_first(session: Session) -> None:
    assert ids(find(session, "петров иван", branch=1)) == [13, 12]
    assert ids(find(session, "петров иван", branch=2)) == [12, 13]
    here, other = find(session, "петров иван", branch=1).rows
    assert (here.attached_here, here.district) == (True, "12")
    assert (other.attached_here, other.district) == (False, "№ 2")
    refused = find(session, "7758840848000012").rows[0]
    assert (refused.attached_here, refused.district) == (False, "")


def test_nobody_is_said_to_be_left_where_all_are_shown(session: Session) -> None:
    """Whoever is read as one of the branch and again among all is one person."""
    _crowd(session)
    everybody = range(300, 440)
    for number in everybody:
        session.get_one(models.Patient, number).attached_branch_id = 2 if number % 2 else None
    session.flush()
    for query in ("ног", "ног 1999", "ногин", "ног л", "ног 1999 л"):
        page = find(session, query, limit=145, branch=2)
        assert not page.more and len(page.rows) == len(set(ids(page))) > 60, query
        assert find(session, query, limit=len(page.rows) - 1, branch=2).more, query
    session.rollback()


def test_a_surname_that_the_dictionary_has_lost_is_found(session: Session) -> None:
    session.execute(text("DELETE FROM surname_deletion"))
    session.execute(text("DELETE FROM surname_trigram"))
    session.execute(text("DELETE FROM surname WHERE name = 'хоменко'"))
    assert ids(find(session, "хоменко")) == ids(find(session, "хом")) == [7]
    session.rollback()


def test_of_equals_visitors_stand_first_after_people_of_this_branch(session: Session) -> None:
    keys: dict[str, Any] = dict(patient_keys("Мамедов", "Вадим", "", None))
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for number in (90, 91):
        session.add(
            models.Patient(
                id=number,
                last_name="Мамедов",
                first_name="Вадим",
                birth_date=date(1984, 1, 1),
                sex="M",
                created_at=created,
                **keys,
            )
        )
    session.flush()
    assert ids(find(session, "мамедов ва")) == [8, 90, 91]  # 8 has a visit
    session.add(models.Attachment(patient_id=91, branch_id=1, district="3", status="active"))
    session.flush()
    assert ids(find(session, "мамедов ва")) == [91, 8, 90]
    session.rollback()


def test_two_letters_are_a_beginning_and_initials(session: Session) -> None:
    assert ids(find(session, "иванов иг"))[0] == 4
    assert set(ids(find(session, "иванов ип"))[:2]) == {1, 4}
    assert ids(find(session, "Петров ИА"))[0] == 13


def test_the_second_half_of_a_double_surname_completes_a_short_list(session: Session) -> None:
    page = find(session, "иванов михаил")
    assert ids(page) == []
    page = find(session, "щедрин михаил евграфович")
    assert [(row.id, row.why) for row in page.rows] == [(6, "часть фамилии")]


def test_a_drivers_error_is_sqlalchemys(engine: Engine) -> None:
    """The search speaks to the driver itself; the store must still know its errors."""
    broken = Question(select(text("nothing")).select_from(text("nowhere")))
    with Session(engine) as opened, pytest.raises(DBAPIError) as caught:
        broken.run(opened, {})
    assert caught.value.orig is not None
    assert not caught.value.connection_invalidated


def test_a_row_shows_the_newest_policy(session: Session) -> None:
    assert find(session, "11223344595").rows[0].policy == "7758 9999 9900 0017"
    assert find(session, "игорь иванов").rows[0].policy == "7758 8408 4800 0012"
    assert find(session, "[jvtyrj").rows[0].policy == "123456789"
    assert find(session, "елкин").rows[0].policy == ""


def test_a_merged_card_leads_to_the_survivor(session: Session) -> None:
    page = find(session, "сидоренко мария")
    assert ids(page)[0] == 9
    assert page.rows[0].full_name == "Сидорова Мария Алексеевна"
    assert page.rows[0].why == "ФИО, объединённая карта"
    assert 10 not in {
        row.id for query in ("сидор", "1984", "12.05.1984") for row in find(session, query).rows
    }


def test_nothing_found_says_what_was_tried_and_offers_a_card(session: Session) -> None:
    page = find(session, "Тютькин-Гржимайло Олег 12.05.1958 9160000000")
    assert page.rows == ()
    assert page.draft is not None
    assert page.draft.last_name == "Тютькин-Гржимайло"
    assert page.draft.first_name == "Олег"
    assert page.draft.birth_date == "12.05.1958"
    assert page.draft.phone == "+79160000000"
    assert page.understood.startswith("фамилия «тютькин-гржимайло…», имя «олег…», дата рождения 12.05.1958")
    assert "другую раскладку" in page.understood
    assert "похожие фамилии" in page.understood
    found = find(session, "иванов пётр").draft
    assert found is not None and (found.last_name, found.first_name) == ("Иванов", "Пётр")


def test_limits_and_totals(session: Session) -> None:
    page = find(session, "иван", limit=1)
    assert (len(page.rows), page.more, page.total) == (1, True, 14)
    assert not find(session, "иван", limit=50).more
    assert len(find(session, "иван", limit=-5).rows) == 1
    empty = find(session, "  ")
    assert (empty.rows, empty.understood, empty.draft) == ((), "", None)


@pytest.mark.parametrize(
    "query",
    [
        "%",
        "_",
        "*",
        "'",
        '"',
        "иван%",
        "_ванов",
        "' OR 1=1 --",
        "'; DROP TABLE patient; --",
        "иванов*",
        '"иванов" OR',
        "\x00",
        "\x1b[31m",
        "\ud800",
        "и" * 100_000,
        "9" * 500,
        "999999999999999999999",
        "7" * 20,
        "0",
        "[red]",
        "00.00.0000",
        "99.99.9999",
        "-",
        "+",
        "+7",
        "(((",
        "ﷺ",
        "İ",
        "ß",
        "２５",
        "🙂",
        "\u202eиван",
        "9999999",
    ],
)
def test_hostile_text_is_only_text(session: Session, query: str) -> None:
    page = find(session, query)
    assert page.total == 14
    if not any(sign.isalnum() for sign in query):
        assert page.rows == ()
    assert session.exec(select(models.Patient).where(col(models.Patient.id) == 1)).one().last_name == "Иванов"


def test_signs_of_a_name_are_dropped_and_never_operators(session: Session) -> None:
    assert ids(find(session, "ива%нов* и_п"))[:2] == [1, 4]
    assert find(session, "%ванов").rows[0].why == "похоже: Иванов"


def test_no_step_reads_through_the_patients(engine: Engine, session: Session) -> None:
    """Every statement of the search enters the tables of people by an index."""
    if engine.dialect.name != "sqlite":
        pytest.skip("a planner with statistics rightly scans a table of fourteen rows")
    ran: dict[str, Any] = {}
    run: Callable[..., list[tuple[Any, ...]]] = Question.run

    def keep(question: Question, session: Session, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        rows = run(question, session, values)
        sent = question.sent(session.connection(), values)
        ran[sent.text] = tuple(sent.filled(values))
        return rows

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Question, "run", keep)
        queries = (
            *(
                "ива",
                "ива ив",
                "ива ив 58",
                "и п ива",
                "иванов павлович",
                "игорь павлович",
                "1958",
                "12.05.1958",
            ),
            *("4567", "11223344595", "7758840848000012", "4508123456", "412", "кузницова", "кузницова 1912"),
            *("щедрин", "козницова е", "иванов ивон", "[jvtyrj", "ъъъъъъ ыыыыы"),
        )
        for query in queries:
            find(session, query)
    people = (
        "patient",
        "policy",
        "identity_document",
        "visit",
        "attachment",
        "surname_deletion",
        "surname_trigram",
    )
    assert len(ran) > 15
    for statement, parameters in ran.items():
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        for step in plan.scalars(3):
            assert not step.startswith(tuple(f"SCAN {table}" for table in people)) or "max(" in statement, (
                statement
            )


@pytest.mark.parametrize(
    ("names", "index"),
    [
        (Names("ко"), "ix_patient_attached"),
        (Names("ко", "ан"), "ix_patient_attached"),
        (Names("ко", "а", "р"), "ix_patient_initials"),
        (Names("ко", "ан", "ро"), "ix_patient_initials"),
    ],
)
def test_people_of_the_branch_are_asked_by_the_index_that_reads_least(
    session: Session, names: Names, index: str
) -> None:
    """Ten thousand of a million people share a branch and two letters, two hundred also both initials."""
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("a planner with statistics chooses by them")
    for birth in (None, Birth(date(1958, 1, 1), date(1958, 12, 31))):
        question = ways.attached(ways.shape(names), birth is not None)
        values = ways.values(names, birth, most=40, branch=1)
        sent = question.sent(session.connection(), values)
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {sent.text}", tuple(sent.filled(values))
        )
        assert f"INDEX {index} (" in plan.scalars(3).all()[0]


def test_the_dictionary_follows_the_cards(session: Session) -> None:
    def known(name: str) -> int | None:
        found = session.exec(select(models.Surname).where(col(models.Surname.name) == name)).one_or_none()
        session.expire_all()
        return found.people if found else None

    def keys() -> tuple[int, int]:
        return (
            len(session.exec(select(models.SurnameDeletion)).all()),
            len(session.exec(select(models.SurnameTrigram)).all()),
        )

    before = keys()
    surname_index.add(session, "ярыгин")
    surname_index.add(session, "ярыгин")
    assert known("ярыгин") == 2
    assert [row.name for row in surname_index.one_typo(session, ["ярыгн"])["ярыгн"]] == ["ярыгин"]
    assert "ярыгин" in refreshed_memory(session, "яригн")
    assert [row.name for row in surname_index.containing(session, "рыги")] == ["ярыгин"]
    surname_index.remove(session, "ярыгин")
    assert known("ярыгин") == 1
    surname_index.replace(session, "ярыгин", "яров")
    assert (known("ярыгин"), known("яров")) == (None, 1)
    surname_index.remove(session, "яров")
    surname_index.remove(session, "никого")
    surname_index.add(session, "")
    assert keys() == before
    assert find(session, "яригн").rows == ()  # the memory keeps the name, and it leads to nobody
    session.rollback()


def test_a_page_may_be_longer_than_a_list_in_a_statement(session: Session) -> None:
    for number in range(450):
        phone = f"+7900{number:03}4567"
        keys: dict[str, Any] = patient_keys("Щукарь", "Ян", "", phone)
        born, created = date(1960, 1, 1 + number % 28), datetime(2026, 1, 1, tzinfo=UTC)
        session.add(
            models.Patient(
                id=1000 + number,
                last_name="Щукарь",
                first_name="Ян",
                birth_date=born,
                sex="M",
                phone=phone,
                created_at=created,
                **keys,
            )
        )
    session.flush()
    surname_index.add(session, "щукарь")
    for query in ("щукарь", "щукарь я", "4567", "щукарь 4567", "щукарь 1960"):
        page = find(session, query, limit=1000)
        assert {row for row in ids(page) if row >= 1000} == set(range(1000, 1450)), query
    session.rollback()


def refreshed_memory(session: Session, word: str) -> list[str]:
    surname_memory._memory(session).asked = -1e9
    surname_memory.refresh(session)
    return [near.name for near in surname_memory.two_typos(session, word)]


@pytest.mark.parametrize("loaded", [False, True])
def test_a_surname_the_memory_has_not_learned_is_found_all_the_same(session: Session, loaded: bool) -> None:
    """On PostgreSQL a lower number may be committed after a higher one was learned."""
    surname_memory._LOADED.pop(engine_of(session), None)
    if loaded:
        surname_memory.prepare(session)
    keys: dict[str, Any] = patient_keys("Явлинская", "Вера", "", None)
    session.add(
        models.Patient(
            id=900,
            last_name="Явлинская",
            first_name="Вера",
            birth_date=date(1970, 1, 2),
            sex="F",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            **keys,
        )
    )
    session.flush()
    surname_index.add(session, "явлинская")
    if loaded:
        known = surname_memory._memory(session)
        known.asked = monotonic() + 3600  # as if it had been learned before the name was committed
        assert "явлинская" not in known.people
    for query in ("явлинская", "явлинская вера", "явлин в", "вера явлинская", "явлинская 1970"):
        assert ids(find(session, query)) == [900], query
    assert surname_memory.starting(session, "явлинск", 2) == ["явлинская"]
    session.rollback()


def test_the_memory_learns_late_numbers_and_notices_a_dictionary_built_anew(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = monotonic()
    monkeypatch.setattr(surname_memory, "monotonic", lambda: now)
    surname_memory._LOADED.pop(engine_of(session), None)
    surname_memory.prepare(session)
    last = session.execute(text("SELECT max(id) FROM surname")).scalar_one()

    def committed(number: int, name: str) -> None:
        session.execute(text(f"INSERT INTO surname (id, name, people) VALUES ({last + number}, '{name}', 1)"))

    def learned() -> set[str]:
        surname_memory.refresh(session)
        return {"щукарь", "явлинский", "юдашкин"} & set(surname_memory._memory(session).people)

    committed(5, "щукарь")
    assert learned() == set()  # not a second has gone by
    now += 2
    assert learned() == {"щукарь"}
    committed(3, "явлинский")  # its transaction took the number first and was the slower one
    now += 2
    assert learned() == {"щукарь", "явлинский"}
    assert surname_memory._memory(session).settled[0] == last  # what is older is not read again
    for number in (last, last + 5, last + 5):
        now += 61
        learned()
        assert surname_memory._memory(session).settled[0] == number
    committed(4, "юдашкин")  # nothing is that slow: the minute is what bounds the reading anew
    now += 2
    assert learned() == {"щукарь", "явлинский"}
    session.execute(text(f"DELETE FROM surname WHERE id = {last + 5}"))
    now += 2
    assert learned() == {"явлинский", "юдашкин"}
    session.rollback()


def test_the_memory_counts_and_lists_surnames_as_the_base_does(session: Session) -> None:
    names = sorted(name for (name,) in session.execute(text("SELECT name FROM surname")))
    surname_memory.prepare(session)
    refreshed_memory(session, "иванов")
    starts = {name[:size] for name in names for size in range(1, 9)} | {"ъ", "яъя"}
    for start in starts:
        found = [name for name in surname_memory.starting(session, start, 100) if name in names]
        assert found == surname_index.starting_each(session, [start], 100)[start], start
        assert surname_memory.crowded(session, start, len(found)), start
        many = len(surname_memory.starting(session, start, 1000)) + 1
        assert not surname_memory.crowded(session, start, many), start


def test_the_memory_and_the_base_find_the_same_inside_of_names(
    session: Session,
) -> None:
    names = [name for (name,) in session.execute(text("SELECT name FROM surname"))]
    parts = {name[place : place + size] for name in names for place in range(9) for size in (2, 3, 4, 5)}
    surname_memory.prepare(session)
    assert sum(bool(surname_memory.containing(session, part)) for part in parts) > 20
    for part in (*parts, "ъъъ", "", "и" * 80):
        found = [one for one in surname_memory.containing(session, part) if one.name in names]
        assert found == surname_index.containing(session, part), part


def test_bulk_rows_are_those_that_adding_one_by_one_would_make(session: Session) -> None:
    names = dict(session.execute(text("SELECT name, people FROM surname")).all())
    rows = surname_index.bulk_rows(names)
    by_id = {row["id"]: row["name"] for row in rows.surnames}
    for table, key, made in (
        ("surname_deletion", "deletion", rows.deletions),
        ("surname_trigram", "trigram", rows.trigrams),
    ):
        stored = session.execute(
            text(f"SELECT {key}, name FROM {table} JOIN surname ON surname.id = surname_id")
        )
        assert {tuple(row) for row in stored} == {(row[key], by_id[row["surname_id"]]) for row in made}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("кард", ["Кардиолог", "Кардашев Нина Викторовна"]),
        ("rfhl", ["Кардиолог", "Кардашев Нина Викторовна"]),
        ("лор", ["Оториноларинголог"]),
        ("гинек", ["Акушер-гинеколог"]),
        ("акушер-гинеколог", ["Акушер-гинеколог"]),
        ("бел", ["Белова Нина Викторовна", "Белова Нина Викторовна"]),
        ("белова н в", ["Белова Нина Викторовна", "Белова Нина Викторовна"]),
        ("бел тер", ["Белова Нина Викторовна"]),
        ("cardio", ["Кардиолог"]),
        ("сфквшщ", ["Кардиолог"]),
        ("электро", ["Электрокардиография"]),
        ("b01.015", ["Первичный приём кардиолога"]),
        ("В01.015.001", ["Первичный приём кардиолога"]),
        ("кадиолог", ["Кардиолог"]),
        ("терпевт", ["Терапевт"]),
        ("арлова", ["Орлова Нина Викторовна"]),
        ("%", []),
        ("ъъъ", []),
        ("' OR 1=1", []),
    ],
)
def test_targets(session: Session, query: str, titles: list[str]) -> None:
    found = match_targets(session, query, 12)
    assert [match.title for match in found][: len(titles)] == titles
    if not titles:
        assert found == []


def test_targets_in_order(session: Session) -> None:
    listed = match_targets(session, " ", 12)
    assert {match.kind for match in listed} == {dto.TargetKind.SPECIALTY}
    assert len(listed) == 5
    kinds = [match.kind for match in match_targets(session, "кард", 12)]
    assert kinds == sorted(kinds, key=[*dto.TargetKind].index)
    assert [match.id for match in match_targets(session, "белова", 12)] == [1, 3]  # who receives now is first
    assert match_targets(session, "белова", 1)[0].detail == "Терапевт, Поликлиника № 1"
    assert match_targets(session, "кард", 0) == []


@pytest.mark.parametrize(
    ("query", "number"),
    [
        *(("Кардиолог", 1), ("cardio", 1), ("тер", 2), ("лор", 3), ("nthfgtdn", 2), ("гинеколог", 4)),
        *(("терпевт", 2), ("те", 2), ("", None), ("ъъъ", None), ("Белова", None)),
    ],
)
def test_a_specialty_for_the_command_line(session: Session, query: str, number: int | None) -> None:
    assert find_specialty(session, query) == number
