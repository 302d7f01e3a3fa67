"""The stream of patients: valid, unique, of families, repeatable, and in real proportions."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import islice

import pytest

from registrar_tui.validators.birth_date import check_birth_date
from registrar_tui.validators.email import check_email
from registrar_tui.validators.identity_document import check_identity_document
from registrar_tui.validators.names import check_name, guess_sex
from registrar_tui.validators.phone import check_phone
from registrar_tui.validators.policy import check_policy
from registrar_tui.validators.result import Checked
from registrar_tui.validators.snils import check_snils
from registrar_tui.vocabulary import AttachmentStatus
from seed.people import PersonSeed, people

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def crowd() -> list[PersonSeed]:
    return list(people(50_000, random_seed=1, today=TODAY))


def age(person: PersonSeed, on: date = TODAY) -> int:
    born = person.birth_date
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def verdicts(person: PersonSeed) -> list[Checked]:
    found = [
        check_name(person.last_name, field="last_name"),
        check_name(person.first_name, field="first_name"),
        check_name(person.middle_name, field="middle_name"),
        check_birth_date(person.birth_date.isoformat(), TODAY),
    ]
    if person.snils:
        found.append(check_snils(person.snils))
    if person.phone:
        found.append(check_phone(person.phone))
    return found


def document_verdict(person: PersonSeed) -> Checked | None:
    document = person.document
    if document is None:
        return None
    return check_identity_document(
        document.kind,
        document.series,
        document.number,
        birth_date=person.birth_date,
        issue_date=document.issued_on,
        today=TODAY,
    )


def policy_verdict(person: PersonSeed) -> Checked | None:
    policy = person.policy
    if policy is None:
        return None
    return check_policy(
        policy.kind, policy.series, policy.number, birth_date=person.birth_date, sex=person.sex
    )


def test_every_person_passes_the_validators_without_a_warning(crowd: list[PersonSeed]) -> None:
    for person in crowd[:2000]:
        for checked in verdicts(person):
            assert checked.ok and not checked.warnings, (person, checked)


def test_documents_and_policies_are_valid_and_few_are_doubtful(crowd: list[PersonSeed]) -> None:
    doubts: Counter[str] = Counter()
    for person in crowd[:10_000]:
        for checked in (document_verdict(person), policy_verdict(person)):
            if checked is not None:
                assert checked.ok, (person, checked)
                doubts.update(problem.code for problem in checked.warnings)
    assert set(doubts) == {"passport_expired", "enp_birth_date_mismatch"}
    assert all(5 <= times <= 150 for times in doubts.values()), doubts


def test_emails_can_reach_nobody(crowd: list[PersonSeed]) -> None:
    emails = [person.email for person in crowd[:2000] if person.email]
    assert len(emails) > 300
    for email in emails:
        assert check_email(email, mode="suggest").ok, email
        assert email.rpartition("@")[2].removeprefix("mail.").removeprefix("post.").startswith("example."), (
            email
        )


def test_phones_are_visibly_synthetic_and_rarely_shared(crowd: list[PersonSeed]) -> None:
    own = [person.phone for person in crowd if person.phone and not person.representative]
    assert all(phone[5:8] == "000" for phone in own)
    assert len(set(own)) == len(own)


def test_snils_enp_and_documents_are_unique(crowd: list[PersonSeed]) -> None:
    snils = [person.snils for person in crowd if person.snils]
    numbers = [person.policy.number for person in crowd if person.policy and not person.policy.series]
    papers = [(item.kind, item.series, item.number) for person in crowd if (item := person.document)]
    for values in (snils, numbers, papers):
        assert len(set(values)) == len(values) > 40_000
    assert all("300" <= value[:3] < "840" for value in snils), "a number that a real person may bear"


def test_endings_agree_with_the_sex(crowd: list[PersonSeed]) -> None:
    for person in crowd[:5000]:
        if person.middle_name:
            assert guess_sex("", "", person.middle_name) == person.sex, person
        feminine = person.last_name.endswith(("ова", "ева", "ёва", "ская", "цкая"))
        masculine = person.last_name.endswith(("ов", "ев", "ёв", "ский", "цкий"))
        assert not (feminine and person.sex == "M"), person
        assert not (masculine and person.sex == "F"), person
        words = {"M": "оглы", "F": "кызы"}
        if person.middle_name.endswith(tuple(words.values())):
            assert person.middle_name.endswith(words[person.sex])


def test_name_traits_occur(crowd: list[PersonSeed]) -> None:
    surnames = Counter(person.last_name for person in crowd)
    assert any("-" in surname for surname in surnames)
    assert any("ё" in surname for surname in surnames)
    assert any(surname.endswith(("енко", "швили", "дзе", "ян", "ых")) for surname in surnames)
    assert any(not person.middle_name for person in crowd)
    assert any(person.middle_name.endswith((" оглы", " кызы")) for person in crowd)
    full = Counter((person.last_name, person.first_name, person.middle_name) for person in crowd)
    assert sum(times > 1 for times in full.values()) > 100
    assert {"Ильич", "Ильинична"} & {person.middle_name for person in crowd}


def test_same_arguments_give_the_same_people_whatever_the_count(crowd: list[PersonSeed]) -> None:
    assert list(people(700, random_seed=1, today=TODAY)) == crowd[:700]
    assert list(islice(people(10**9, random_seed=1, today=TODAY), 300)) == crowd[:300]
    assert list(people(300, random_seed=2, today=TODAY)) != crowd[:300]
    assert list(people(0, random_seed=1, today=TODAY)) == []


def test_ages_and_sexes_have_real_shares(crowd: list[PersonSeed]) -> None:
    ages = [age(person) for person in crowd]
    assert all(0 <= years <= 101 for years in ages)
    assert all(person.birth_date <= TODAY for person in crowd)
    children = sum(years < 18 for years in ages) / len(crowd)
    pensioners = sum(
        years >= (63 if person.sex == "M" else 58) for person, years in zip(crowd, ages, strict=True)
    )
    assert 0.165 <= children <= 0.195
    assert 0.23 <= pensioners / len(crowd) <= 0.27
    assert 0.5 <= sum(person.sex == "F" for person in crowd) / len(crowd) <= 0.56
    assert max(Counter((person.birth_date.month) for person in crowd).values()) < len(crowd) / 8


def test_every_minor_has_a_grown_up_before_him_in_the_stream(crowd: list[PersonSeed]) -> None:
    relations: Counter[str] = Counter()
    for place, person in enumerate(crowd):
        answer = person.representative
        assert (answer is not None) == (age(person) < 18), person
        if answer is None:
            continue
        assert answer.position < place
        adult = crowd[answer.position]
        assert age(adult) - age(person) >= 17
        assert answer.name == f"{adult.last_name} {adult.first_name} {adult.middle_name}".rstrip()
        assert (answer.phone, adult.address) == (adult.phone, person.address)
        relations[answer.relation] += 1
        if answer.relation != "опекун":
            assert adult.sex == ("F" if answer.relation == "мать" else "M")
            if adult.sex == person.sex:
                assert person.last_name == adult.last_name
    assert set(relations) == {"мать", "отец", "опекун"}
    assert relations["опекун"] < 0.06 * relations.total()


def test_twins_share_a_family_and_a_birthday(crowd: list[PersonSeed]) -> None:
    pairs = Counter(
        (person.representative.position, person.birth_date) for person in crowd if person.representative
    )
    assert sum(times > 1 for times in pairs.values()) > 30


def test_documents_agree_with_the_age(crowd: list[PersonSeed]) -> None:
    kinds: Counter[str] = Counter()
    for person in crowd:
        document = person.document
        if document is None:
            continue
        kinds[document.kind] += 1
        assert person.birth_date < document.issued_on <= TODAY
        if document.kind == "3":
            assert age(person) < 14
            assert document.issuer_code is None
        elif document.kind == "14":
            assert age(person, document.issued_on) >= 14 or person.birth_date.day == 29
            assert document.issuer_code
        else:
            assert document.kind in {"9", "11", "23", "24"}
    assert kinds["3"] > 4000
    assert 300 < kinds["9"] + kinds["11"] + kinds["23"] + kinds["24"] < 1500


def test_policies_have_the_shares_of_the_issue(crowd: list[PersonSeed]) -> None:
    kinds = Counter(person.policy.kind if person.policy else "" for person in crowd)
    total = len(crowd)
    assert 0.03 <= kinds[""] / total <= 0.055
    assert 0.014 <= kinds["С"] / total <= 0.028
    assert 0.007 <= kinds["В"] / total <= 0.016
    assert set(kinds) == {"", "С", "В", "П", "Э", "Ц", "К"}
    ends = [person.policy.valid_until for person in crowd if person.policy and person.policy.valid_until]
    assert any(end < TODAY for end in ends) and any(end >= TODAY for end in ends)
    for person in crowd:
        if person.policy:
            assert person.policy.issued_on <= TODAY
            assert person.policy.issued_on >= person.birth_date


def test_the_newborn_have_no_papers_of_their_own(crowd: list[PersonSeed]) -> None:
    newborn = [person for person in crowd if (TODAY - person.birth_date).days < 30]
    assert newborn
    assert all(person.policy is None and person.snils is None for person in newborn)
    assert 0.02 < sum(person.snils is None for person in crowd) / len(crowd) < 0.05


def test_attachments_have_every_state(crowd: list[PersonSeed]) -> None:
    states = Counter(person.attachment.status if person.attachment else None for person in crowd)
    assert set(states) == {None, *AttachmentStatus}
    assert states[AttachmentStatus.ACTIVE] > 0.8 * len(crowd)
    branches = Counter(person.attachment.branch for person in crowd if person.attachment)
    assert set(branches) == {0, 1, 2}
    for person in crowd:
        if person.attachment:
            assert person.attachment.since >= person.birth_date
            assert (person.attachment.refusal is not None) == (
                person.attachment.status is AttachmentStatus.REFUSED
            )


@pytest.mark.parametrize("today", [date(2028, 2, 29), date(2026, 1, 1), date(2027, 12, 31)])
def test_any_day_may_be_today(today: date) -> None:
    for person in people(1500, random_seed=4, today=today):
        assert person.birth_date <= today
        if person.document:
            checked = check_identity_document(
                person.document.kind,
                person.document.series,
                person.document.number,
                birth_date=person.birth_date,
                issue_date=person.document.issued_on,
                today=today,
            )
            assert checked.ok, (person, checked)
