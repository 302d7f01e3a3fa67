"""Rules as data: which setting holds on which day, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from registrar_tui.models import RuleSetting
from registrar_tui.services.rules.rulebook import RULES, load_rulebook
from registrar_tui.vocabulary import Channel
from tests.integration.bases import Clinic
from tests.unit.test_rules import DAY, DEFAULTS, NINE, NOW, VISIT, moving, on, person


@pytest.fixture
def session(clinic: Clinic) -> Iterator[Session]:
    with clinic.read() as opened:
        yield opened


def setting(rule: str, valid_from: date, **values: Any) -> RuleSetting:
    return RuleSetting(code=rule, valid_from=valid_from, basis="приказ № 5", **values)


TODAY = NOW.date()


def test_without_settings_every_rule_stands_as_written(session: Session) -> None:
    book = load_rulebook(session, TODAY)
    assert [entry.rule.code for entry in book.rules] == [rule.code for rule in RULES]
    assert [entry.as_dict() for entry in book.rules] == [entry.as_dict() for entry in DEFAULTS.rules]


def test_the_newest_setting_that_has_begun_wins(session: Session) -> None:
    for offset, hours in ((-10, 48), (-1, 12), (0, 6), (1, 99)):
        session.add(setting("too_late_to_move", TODAY + offset * DAY, parameters=f'{{"hours": {hours}}}'))
    session.flush()
    for offset, hours in ((-11, 24), (-10, 48), (-2, 48), (-1, 12), (0, 6), (1, 99), (400, 99)):
        assert load_rulebook(session, TODAY + offset * DAY).parameters("too_late_to_move") == {"hours": hours}
    book = load_rulebook(session, TODAY)
    assert book.verdict(moving(NOW + timedelta(hours=6))) is None
    assert book.verdict(moving(NOW + timedelta(hours=5, minutes=59))) is not None


def test_of_two_settings_of_one_day_the_later_written_wins(session: Session) -> None:
    session.add(setting("late_restriction", TODAY, parameters='{"days": 5}', id=2))
    session.add(setting("late_restriction", TODAY, parameters='{"days": 3}', id=1))
    session.flush()
    assert load_rulebook(session, TODAY).parameters("late_restriction") == {"days": 5}


def test_a_rule_is_switched_off_and_on_again_by_date(session: Session) -> None:
    session.add(setting("duplicate_visit", TODAY, enabled=False))
    session.add(setting("duplicate_visit", TODAY + 2 * DAY))
    session.flush()
    duplicate = person(replace(VISIT, specialty_id=1, starts_at=NINE + timedelta(hours=3)))
    told = [load_rulebook(session, TODAY + offset * DAY).verdict(duplicate) for offset in (-1, 0, 1, 2)]
    assert [verdict.code if verdict else None for verdict in told] == [
        "duplicate_visit",
        None,
        None,
        "duplicate_visit",
    ]
    assert told[-1] is not None and told[-1].basis == "приказ № 5"
    assert load_rulebook(session, TODAY).override_role("duplicate_visit") is None


def test_a_setting_decides_who_may_override(session: Session) -> None:
    session.add(setting("overlap", TODAY, override_role=None))
    session.add(setting("beyond_horizon", TODAY, override_role="senior", parameters='{"days": 1}'))
    session.flush()
    book = load_rulebook(session, TODAY)
    assert (book.override_role("overlap"), book.override_role("beyond_horizon")) == (None, "senior")
    far = on(starts_at=NOW + 3 * DAY)
    assert book.verdict(far, ("beyond_horizon",)) is None
    portal = replace(far, channel=Channel.PORTAL)
    assert book.verdict(portal) is None, "a parameter that is not set keeps its default"


def test_parameters_of_a_rule_that_is_off_are_its_defaults(session: Session) -> None:
    session.add(setting("late_restriction", TODAY, enabled=False, parameters='{"days": 5}'))
    session.flush()
    assert load_rulebook(session, TODAY).parameters("late_restriction") == {"days": 30}
