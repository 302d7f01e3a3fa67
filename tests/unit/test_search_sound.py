"""Names that sound alike share a spelling; what misspells them does so alike for the same seed."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.misspelling import heard_wrong, left_out, swapped, typed_wrong
from registrar_tui.services.search_keys import fold, one_typo_apart
from registrar_tui.services.search_sound import first_sound, sound, sounds


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("козлов", "казлоф"),
        ("кузнецова", "кузнитсова"),
        ("лебедев", "лебидев"),
        ("геннадий", "генадий"),
        ("ильинична", "илинична"),
        ("борщевский", "борсчевский"),
        ("рождественский", "раждественский"),
        ("зайцев", "сайцев"),
    ],
)
def test_names_heard_alike(name: str, heard: str) -> None:
    assert sound(name) == sound(heard)


@pytest.mark.parametrize(("name", "other"), [("козлов", "козин"), ("петров", "попов"), ("ким", "ли")])
def test_other_names_sound_otherwise(name: str, other: str) -> None:
    assert sound(name) != sound(other)


@pytest.mark.parametrize("spoil", [typed_wrong, left_out, swapped])
def test_one_misspelling_is_one_typo(spoil: object) -> None:
    assert callable(spoil)
    for seed in range(300):
        for name in ("Кузнецова", "Салтыков-Щедрин", "Ли"):
            spoilt = spoil(name, Random(seed))
            assert spoilt == spoil(name, Random(seed))
            assert one_typo_apart(fold(name.replace("-", "")), fold(spoilt)) or "-" in name


def test_the_first_letter_may_be_misheard() -> None:
    assert first_sound("зайцев") == first_sound("сайцев") != first_sound("майцев")
    assert first_sound("") == ""


def test_what_is_misheard_is_seldom_the_name_itself() -> None:
    heard = [heard_wrong("Кузнецова", Random(seed)) for seed in range(200)]
    assert sum(one != "кузнецова" for one in heard) > 150
    assert len(set(heard)) > 10


def test_many_names_at_once_sound_as_one_by_one() -> None:
    names = ["козлов", "нн", "", "щщ", "тс", "сердцева", "ъ"]
    assert sounds(names) == [sound(name) for name in names]
    assert sounds([]) == []
