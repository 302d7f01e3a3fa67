"""Surname, given name and patronymic: Russian letters, signs between them, and their Latin look-alikes."""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from registrar_tui.validators.reading import LATIN_LOOKALIKES, refused, shown, tidy
from registrar_tui.validators.result import Checked, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from registrar_tui.validators.enp import Sex

NameField = Literal["last_name", "first_name", "middle_name"]

_LABELS: dict[NameField, str] = {"last_name": "Фамилия", "first_name": "Имя", "middle_name": "Отчество"}
_MAX_LENGTH = 40
_MAX_FULL_LENGTH = 3 * _MAX_LENGTH + 2
_PLAIN = re.compile(r"[А-ЯЁа-яё]+(?:[ '-][А-ЯЁа-яё]+)*")
_WITH_DOTS = re.compile(r"[А-ЯЁа-яё]+(?:[ '.-][А-ЯЁа-яё]+)*")
_STRANGE = re.compile(r"[^А-ЯЁа-яёA-Za-zÀ-ɏ '.-]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_RUSSIAN = re.compile(r"[А-ЯЁа-яё]")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼʹ′", "'"))
_LOOSE_SIGN = re.compile(r" *([-']) *")

_NO_PATRONYMIC = frozenset(
    ("нет", "без отчества", "отсутствует", "не имеет", "б/о", "б.о.", "-", "--", "---", ".")
)
# Patronymic words of Turkic languages follow the father's name and never stand alone.
_AFTER_FATHER = frozenset(("оглы", "оглу", "кызы", "гызы", "улы", "уулу", "угли"))
# Particles belong to both neighbours. Only in lower case: «Ван» and «Ли» are surnames too.
_PARTICLES = frozenset(
    (
        *("де", "дель", "делла", "да", "дас", "дос", "ди", "ду", "дю", "ла", "ле", "фон", "фан", "ван"),
        *("дер", "ден", "тер", "цу", "аль", "эль", "ибн", "бен", "бинт"),
    )
)


class FullName(NamedTuple):
    """The three parts of a name; an absent one is empty."""

    last: str
    first: str
    middle: str


def means_no_patronymic(text: str) -> bool:
    """Tell whether the text stands for the absence of a patronymic («НЕТ», «-», «без отчества»)."""
    # «HET» typed in the other layout looks the same and means the same.
    return tidy(text).upper().translate(LATIN_LOOKALIKES).casefold() in _NO_PATRONYMIC


def check_name(text: str, *, field: NameField = "last_name", required: bool | None = None) -> Checked:
    """Check one part of a name and return it with plain hyphens and apostrophes, the letter case untouched.

    The customer's text allows letters and spaces only. The law is wider: a hyphen in a given name and
    in a double surname (Семейный кодекс, art. 58), and the alphabet of the policy has the apostrophe
    and the full stop; so these pass, the full stop with a warning. At most 40 characters (the size of
    the field in the register of OMS bills). `required` is by default True but for the patronymic;
    False serves people whose document has no such part: the value is then the empty string.
    Errors: `name_empty`, `name_length`, `name_latin`, `name_characters`, `name_separators`,
    `name_placeholder`. Warnings: `name_lookalikes` (Latin letters replaced), `name_dot`.
    """
    ordinary = len(text) <= _MAX_LENGTH and _PLAIN.fullmatch(text)
    if ordinary and (field != "middle_name" or text.casefold() not in _NO_PATRONYMIC):
        return Checked(text)
    name = _folded(text)
    if not name:
        needed = field != "middle_name" if required is None else required
        message = f"{_LABELS[field]}: поле пустое, впишите как в документе."
        return refused("name_empty", field, message) if needed else Checked("")
    if field == "middle_name" and means_no_patronymic(name):
        message = "Отчество: если его нет, оставьте поле пустым, без слова «нет» и прочерка."
        return refused("name_placeholder", field, message)
    repaired = " ".join(map(_repaired_word, name.split(" ")))
    error = _name_error(repaired, field)
    if error:
        return Checked(None, (error,))
    return Checked(repaired, warnings=tuple(_doubts(name, repaired, field)))


def _folded(text: str) -> str:
    """Return the text composed (й, ё as one character), with plain signs and single spaces."""
    plain = tidy(unicodedata.normalize("NFC", text)).translate(_APOSTROPHES)
    return _LOOSE_SIGN.sub(r"\1", re.sub(" +", " ", plain))


def _repaired_word(word: str) -> str:
    """Replace Latin look-alikes, but only beside Russian letters: a wholly Latin word is another matter."""
    return word.translate(LATIN_LOOKALIKES) if _RUSSIAN.search(word) else word


def _name_error(name: str, field: NameField) -> Problem | None:
    label = _LABELS[field]
    if len(name) > _MAX_LENGTH:
        message = f"{label}: знаков {len(name)}, а помещается не больше {_MAX_LENGTH}."
        return Problem("name_length", field, message)
    strange = _STRANGE.search(name)
    if strange:
        message = f"{label}: лишний знак ({shown(strange.group())}), нужны буквы, пробел, дефис или апостроф."
        return Problem("name_characters", field, message)
    if _LATIN.search(name):
        message = f"{label}: латинские буквы, нужна запись русскими буквами (проверьте раскладку)."
        return Problem("name_latin", field, message)
    if not _WITH_DOTS.fullmatch(name):
        message = f"{label}: знак в начале, в конце или два знака подряд, оставьте по одному между буквами."
        return Problem("name_separators", field, message)
    return None


def _doubts(name: str, repaired: str, field: NameField) -> list[Problem]:
    doubts: list[Problem] = []
    if repaired != name:
        message = f"{_LABELS[field]}: похожие латинские буквы заменены русскими, сверьте с документом."
        doubts.append(Problem("name_lookalikes", field, message))
    if "." in repaired:
        message = f"{_LABELS[field]}: точка бывает в сокращении, впишите имя полностью, если оно известно."
        doubts.append(Problem("name_dot", field, message))
    return doubts


def split_full_name(text: str) -> FullName:
    """Split «Фамилия Имя Отчество» written in one line; never fails, absent parts are empty.

    Particles («де», «фон», «дель») stay with both neighbours and «оглы», «кызы» with the father's name;
    a closing «-» or «нет» is the patronymic, for `check_name` to judge.
    """
    head, _, tail = tidy(text).rpartition(" ")
    if head and means_no_patronymic(tail):
        parts = _grouped(head)
        if not parts.middle:
            return parts._replace(middle=tail)
    return _grouped(text)


def _grouped(text: str) -> FullName:
    groups: list[list[str]] = []
    glue = False
    for word in filter(None, _folded(text).split(" ")):  # a tab stays in its word, to be refused there
        plain = _repaired_word(word)
        particle = plain in _PARTICLES
        if groups and (glue or particle or plain.casefold() in _AFTER_FATHER):
            groups[-1].append(word)
        else:
            groups.append([word])
        glue = particle
    parts = [" ".join(group) for group in groups]
    return FullName("".join(parts[:1]), "".join(parts[1:2]), " ".join(parts[2:]))


def check_full_name(text: str) -> Checked:
    """Check «Фамилия Имя Отчество» and return it with single spaces; the patronymic may be absent.

    Errors and warnings are those of `check_name`, each with the field of its part.
    """
    if len(text) > 4 * _MAX_FULL_LENGTH:  # invisible marks take room too, a name does not
        return refused(
            "name_length", "last_name", "ФИО: текст слишком длинный, впишите фамилию, имя, отчество."
        )
    parts = split_full_name(text)
    checked = (
        check_name(parts.last, field="last_name"),
        check_name(parts.first, field="first_name"),
        check_name(parts.middle, field="middle_name"),
    )
    errors = tuple(problem for part in checked for problem in part.errors)
    value = None if errors else " ".join(part.value for part in checked if part.value)
    return Checked(value, errors, tuple(problem for part in checked for problem in part.warnings))


@cache
def _detector() -> Callable[[str | None, str | None, str | None], str]:
    from pytrovich.detector import PetrovichGenderDetector

    # The library logs whole names when parts disagree; personal data must not reach a log or the screen.
    logging.getLogger("pytrovich.detector").disabled = True
    detector: Any = PetrovichGenderDetector()
    return lambda last, first, middle: str(
        detector.detect(lastname=last, firstname=first, middlename=middle).name
    )


def guess_sex(last: str, first: str, middle: str) -> Sex | None:
    """Guess the sex by the patronymic, else by first name and surname; None when they do not tell.

    Good for a warning when it differs from the card, never for filling the card.
    """
    if not (last or first or middle):
        return None
    name = _detector()(last or None, first or None, middle or None)
    if name == "MALE":
        return "M"
    return "F" if name == "FEMALE" else None
