"""What the typing benchmark reads off the screens: the echo of each key, the answer to the whole text."""

from __future__ import annotations

from benchmarks.pty_probe import Typed
from benchmarks.typing_search import answered, echoed


def screen(line: str, said: str = "") -> list[str]:
    return ["демо", f" ▏{line:<40}{said:>60}", "───"]


TYPED = Typed(
    sent=[0.0, 0.1, 0.2, 0.3],
    screens=[
        (0.01, screen("и")),
        (0.115, screen("ив")),
        (0.19, screen("ив", "фамилия «ив…»")),
        (0.22, screen("ив ", "фамилия «ив…»")),
        (0.33, screen("ив п", "фамилия «ив…»")),
        (0.4, screen("ив п", "фамилия «ив…», имя «п…»")),
    ],
)


def test_each_letter_is_echoed_once_it_stands_in_the_line() -> None:
    echo = echoed(TYPED, "ив п")  # the space cannot be seen
    assert [round(one or 0, 3) for one in echo] == [0.01, 0.015, 0.03]


def test_the_answer_is_to_the_whole_text_and_not_to_its_beginning() -> None:
    assert round(answered(TYPED, "ив п") or 0, 3) == 0.1
    assert answered(Typed(TYPED.sent, TYPED.screens[:-1]), "ив п") is None


def test_a_number_is_answered_by_its_digits() -> None:
    typed = Typed([0.0], [(0.02, screen("1")), (0.09, screen("1", "талон 1"))])
    assert answered(typed, "1") == 0.09


def test_a_narrow_desk_answers_below_the_line() -> None:
    before = ["демо", " ▏ив 58", " фамилия «ив…»", "───", " Иванов 12.05.1958"]
    after = [*before[:2], " фамилия «ив…», год рождения 1958", *before[3:]]
    assert answered(Typed([0.0], [(0.02, before), (0.09, after)]), "ив 58") == 0.09


def test_what_was_tried_in_vain_is_an_answer() -> None:
    nobody = ["демо", " ▏щъ", "", "───", " Пациент", " фамилия «щъ…»; пробовали и похожие фамилии"]
    assert answered(Typed([0.0], [(0.05, nobody)]), "щъ") == 0.05
