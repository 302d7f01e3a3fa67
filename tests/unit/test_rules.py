"""Every booking rule on its own: what it refuses, its edges, to what it applies, who may go against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from registrar_tui.services.rules.base import (
    Operation,
    PatientFacts,
    RuleContext,
    SlotFacts,
    VisitFacts,
)
from registrar_tui.services.rules.rulebook import RULES, Rulebook, RuleInForce
from registrar_tui.services.slots import chain_covers, unbroken
from registrar_tui.vocabulary import SELF_SERVICE_CHANNELS, Channel, SlotKind, VisitStatus

NOW = datetime(2026, 11, 23, 8, 0)
NOW_UTC = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

SLOT = SlotFacts(
    id=1,
    doctor_id=1,
    specialty_id=1,
    branch_id=1,
    room_id=1,
    starts_at=datetime(2026, 11, 24, 9, 0),
    minutes=15,
    kind="ordinary",
    channels="",
    released_at=None,
    closed=False,
    close_reason="",
    accepting=True,
    visit_id=None,
    held_by=None,
    held_until=None,
)
VISIT = VisitFacts(50, 2, 2, 9, datetime(2026, 11, 24, 9, 0), 15, "booked")
CONTEXT = RuleContext(Operation.BOOK, NOW, NOW_UTC, "окно 1", Channel.DESK, SLOT, 15)
DEFAULTS = Rulebook(
    tuple(RuleInForce(rule, rule.basis, rule.override_role, rule.parameters) for rule in RULES)
)


def on(**changes: object) -> RuleContext:
    return replace(CONTEXT, slot=replace(SLOT, **changes))  # type: ignore[arg-type]


def by(channel: Channel, **changes: object) -> RuleContext:
    return replace(on(**changes), channel=channel)


def person(*visits: VisitFacts, until: date | None = None) -> RuleContext:
    return replace(CONTEXT, patient=PatientFacts(1, until, visits))


def moving(start: datetime, *, by_clinic: bool = False) -> RuleContext:
    visit = replace(VISIT, starts_at=start)
    return replace(
        person(visit), operation=Operation.MOVE, moving=visit, by_clinic=by_clinic, slot=replace(SLOT, id=2)
    )


def crossing(start: datetime, minutes: int = 15, status: str = "booked") -> RuleContext:
    return person(replace(VISIT, starts_at=start, minutes=minutes, status=status))


def code(context: RuleContext, *overridden: str) -> str | None:
    verdict = DEFAULTS.verdict(context, overridden)
    return verdict.code if verdict else None


NINE = SLOT.starts_at
CASES: list[tuple[str, RuleContext, str | None]] = [
    ("an ordinary free slot", CONTEXT, None),
    # past_slot
    ("a minute ahead", on(starts_at=NOW + MINUTE), None),
    ("a second ahead", on(starts_at=NOW + timedelta(seconds=1)), None),
    ("exactly now", on(starts_at=NOW), "past_slot"),
    ("a minute ago", on(starts_at=NOW - MINUTE), "past_slot"),
    ("past is told before taken", on(starts_at=NOW - MINUTE, visit_id=7), "past_slot"),
    # slot_taken
    ("a visit's", on(visit_id=7), "slot_taken"),
    ("held by another", on(held_by="окно 2", held_until=NOW_UTC + MINUTE), "slot_taken"),
    ("held by this desk", on(held_by="окно 1", held_until=NOW_UTC + MINUTE), None),
    ("a hold that ends now", on(held_by="окно 2", held_until=NOW_UTC), None),
    (
        "a hold with a microsecond left",
        on(held_by="окно 2", held_until=NOW_UTC + timedelta(microseconds=1)),
        "slot_taken",
    ),
    ("the moved visit's own slot", replace(moving(NINE + DAY), slot=replace(SLOT, visit_id=50)), None),
    (
        "somebody else's slot in a move",
        replace(moving(NINE + DAY), slot=replace(SLOT, visit_id=51)),
        "slot_taken",
    ),
    # slot_closed
    ("closed", on(closed=True, close_reason="ремонт"), "slot_closed"),
    ("a doctor who does not receive", on(accepting=False), "slot_closed"),
    # beyond_horizon
    ("the desk's last day", on(starts_at=datetime(2027, 3, 23, 23, 59)), None),
    ("the day after it", on(starts_at=datetime(2027, 3, 24, 0, 0)), "beyond_horizon"),
    ("the portal's last day", by(Channel.PORTAL, starts_at=datetime(2026, 12, 7, 23, 59)), None),
    (
        "the day after that",
        by(Channel.PORTAL, starts_at=datetime(2026, 12, 8, 0, 0)),
        "beyond_horizon",
    ),
    # channel_closed
    ("a named channel", by(Channel.PORTAL, channels="desk portal"), None),
    ("a channel not named", by(Channel.PORTAL, channels="desk phone"), "channel_closed"),
    ("part of a name is no name", by(Channel.APP, channels="apple desk"), "channel_closed"),
    ("released this second", by(Channel.PORTAL, channels="desk", released_at=NOW), None),
    (
        "released in a second",
        by(Channel.PORTAL, channels="desk", released_at=NOW + timedelta(seconds=1)),
        "channel_closed",
    ),
    # slot_not_released
    ("same-day, tomorrow", on(kind="same-day"), "slot_not_released"),
    ("same-day, today", on(kind="same-day", starts_at=NOW + MINUTE), None),
    ("a reserve", on(kind="reserve"), "slot_not_released"),
    ("a reserve released now", on(kind="reserve", released_at=NOW), None),
    ("a reserve released soon", on(kind="reserve", released_at=NOW + MINUTE), "slot_not_released"),
    # referral_required
    ("paid, under OMS", on(kind="paid"), "paid_slot"),
    ("paid, for a paid service", replace(on(kind="paid"), paid=True), None),
    ("by referral", on(kind="referral"), "referral_required"),
    ("by referral, released", on(kind="referral", released_at=NOW), None),
    (
        "a move to a referral slot",
        replace(moving(NINE + DAY), slot=replace(SLOT, id=2, kind="referral")),
        None,
    ),
    # late_restriction
    *[
        (
            f"after a late cancellation by {channel}",
            replace(person(until=NOW.date() + DAY), channel=channel),
            "late_restriction" if channel in SELF_SERVICE_CHANNELS else None,
        )
        for channel in Channel
    ],
    ("its last day is over", replace(person(until=NOW.date()), channel=Channel.APP), None),
    (
        "a move is no booking",
        replace(moving(NINE + DAY), channel=Channel.APP, patient=PatientFacts(1, NOW.date() + DAY, ())),
        None,
    ),
    # too_late_to_move
    ("exactly 24 hours before", moving(NOW + DAY), None),
    ("a second less", moving(NOW + DAY - timedelta(seconds=1)), "too_late_to_move"),
    ("a second less by the clinic", moving(NOW + DAY - timedelta(seconds=1), by_clinic=True), None),
    # duplicate_visit
    (
        "the same specialty on the day",
        person(replace(VISIT, specialty_id=1, starts_at=NINE + 9 * MINUTE * 60)),
        "duplicate_visit",
    ),
    ("the same specialty on another day", person(replace(VISIT, specialty_id=1, starts_at=NINE + DAY)), None),
    ("another specialty on the day", crossing(NINE + timedelta(hours=3)), None),
    *[
        (
            f"a visit that is {status}",
            person(replace(VISIT, specialty_id=1, starts_at=NINE + timedelta(hours=3), status=status)),
            "duplicate_visit" if status in ("booked", "arrived", "checked-in", "fulfilled") else None,
        )
        for status in VisitStatus
    ],
    # overlap
    ("the same time", crossing(NINE), "overlap"),
    ("ends as it begins", crossing(NINE - 15 * MINUTE), None),
    ("ends a minute into it", crossing(NINE - 14 * MINUTE), "overlap"),
    ("begins as it ends", crossing(NINE + 15 * MINUTE), None),
    ("begins in its last minute", crossing(NINE + 14 * MINUTE), "overlap"),
    ("surrounds it", crossing(NINE - timedelta(hours=1), 180), "overlap"),
    ("is over already", crossing(NINE, status="fulfilled"), None),
    (
        "a longer service reaches into it",
        replace(crossing(NINE + 30 * MINUTE), minutes=31),
        "overlap",
    ),
    ("a longer service ends before it", replace(crossing(NINE + 30 * MINUTE), minutes=30), None),
]


@pytest.mark.parametrize(
    ("context", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_rule_and_its_edges(context: RuleContext, expected: str | None) -> None:
    assert code(context) == expected


def test_every_rule_refuses_somewhere_above() -> None:
    refused = {expected for _, _, expected in CASES} - {None}
    assert refused == {rule.code for rule in RULES}


@pytest.mark.parametrize(
    "kind", [kind for kind in SlotKind if kind not in ("same-day", "reserve", "referral", "paid")]
)
def test_every_other_kind_is_open(kind: SlotKind) -> None:
    assert code(on(kind=kind)) is None


def test_a_refusal_names_rule_basis_and_field() -> None:
    for _, context, expected in CASES:
        verdict = DEFAULTS.verdict(context)
        if expected is None:
            continue
        assert verdict is not None
        assert verdict.basis and verdict.field in ("slot", "service", "patient", "visit", "referral")
        assert verdict.message[0].isupper() and verdict.message.endswith("."), "one whole sentence"


def test_codes_roles_and_operations() -> None:
    """What scripts and the desk build on: a change here is a change of the contract."""
    both = {"book", "move"}
    told = {
        rule.code: (rule.override_role, {str(operation) for operation in rule.operations}) for rule in RULES
    }
    assert told == {
        "past_slot": (None, both),
        "slot_taken": (None, both),
        "slot_closed": (None, both),
        "beyond_horizon": (None, both),
        "channel_closed": (None, both),
        "slot_not_released": ("registrar", both),
        "paid_slot": ("registrar", both),
        "referral_required": ("registrar", both),
        "late_restriction": (None, {"book"}),
        "too_late_to_move": ("registrar", {"move"}),
        "duplicate_visit": ("registrar", both),
        "overlap": ("registrar", both),
    }
    assert len({rule.title for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("name", "context", "expected"), CASES, ids=[case[0] for case in CASES])
def test_an_override_lifts_its_rule_and_no_other(
    name: str, context: RuleContext, expected: str | None
) -> None:
    if expected is None:
        return
    lifted = code(context, expected)
    if DEFAULTS.override_role(expected):
        assert lifted != expected
    else:
        assert lifted == expected
    others = {rule.code for rule in RULES} - {expected}
    assert code(context, *others) == expected


def test_an_override_uncovers_the_next_rule() -> None:
    both = person(replace(VISIT, specialty_id=1))
    assert code(both) == "duplicate_visit"
    assert code(both, "duplicate_visit") == "overlap"
    assert code(both, "duplicate_visit", "overlap") is None


def row(*starts: int, minutes: int = 15) -> list[SlotFacts]:
    return [
        replace(SLOT, id=place, starts_at=NINE + start * MINUTE, minutes=minutes)
        for place, start in enumerate(starts)
    ]


@pytest.mark.parametrize(
    ("slots", "minutes", "length", "covered"),
    [
        (row(0, 15, 30), 15, 1, True),
        (row(0, 15, 30), 16, 2, True),
        (row(0, 15, 30), 45, 3, True),
        (row(0, 15, 30), 46, 3, False),
        (row(0, 15, 31), 45, 2, False),
        (row(0, 14, 28), 40, 1, False),
        ([], 15, 0, False),
    ],
)
def test_a_chain_has_no_gap(slots: list[SlotFacts], minutes: int, length: int, covered: bool) -> None:
    chain = unbroken(slots, minutes)
    assert (len(chain), chain_covers(chain, minutes)) == (length, covered)
