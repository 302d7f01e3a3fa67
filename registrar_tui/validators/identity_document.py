"""Identity documents by their code in F011: masks of series and number as data, one engine for all."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import NamedTuple

from registrar_tui.validators.birth_certificate import check_birth_certificate_parts
from registrar_tui.validators.passport import check_passport_parts
from registrar_tui.validators.reading import refused, tidy
from registrar_tui.validators.result import Checked, Problem

PASSPORT, BIRTH_CERTIFICATE = "14", "3"

_KIND, _SERIES, _NUMBER = "document_kind", "document_series", "document_number"
_FREE_SERIES_LENGTH, _FREE_NUMBER_LENGTH = 10, 20  # fields DOCSER and DOCNUM of the register of OMS bills
_FREE_TEXT = re.compile("[0-9A-ZА-ЯЁ][0-9A-ZА-ЯЁ ./-]*")
_MASK_SIGNS = {"R": "[IVXLC]+", "Б": "[А-ЯЁ]", "9": "[0-9]", "0": "[0-9]?", "S": ".?"}
_SIGN_WORDS = {"R": "римское число", "Б": "русская буква", "9": "цифра", "0": "цифра", "S": "знак"}


class DocumentKind(NamedTuple):
    """One row of F011.

    Signs of a mask: R a Roman numeral, Б a Russian capital, 9 a digit, 0 a digit or none, S anything or none.
    """

    code: str
    name: str
    series_mask: str
    number_mask: str

    @property
    def free(self) -> bool:
        """Tell whether the directory leaves the form of the series to the issuing state."""
        return "S" in self.series_mask


_ANY = "SSSSSSSS"

DOCUMENT_KINDS: tuple[DocumentKind, ...] = (
    DocumentKind("1", "Паспорт гражданина СССР", "R-ББ", "999999"),
    DocumentKind("2", "Загранпаспорт гражданина СССР", _ANY, "00000009"),
    DocumentKind("3", "Свидетельство о рождении, выданное в РФ", "R-ББ", "999999"),
    DocumentKind("4", "Удостоверение личности офицера", "ББ", "9999999"),
    DocumentKind("5", "Справка об освобождении из места лишения свободы", _ANY, "00000009"),
    DocumentKind("6", "Паспорт Минморфлота", "ББ", "999999"),
    DocumentKind("7", "Военный билет", "ББ", "9999990"),
    DocumentKind("8", "Дипломатический паспорт гражданина РФ", "99", "9999999"),
    DocumentKind("9", "Паспорт иностранного гражданина", _ANY, "0000000009"),
    DocumentKind("10", "Свидетельство о регистрации ходатайства о признании беженцем", _ANY, "00000009"),
    DocumentKind("11", "Вид на жительство", _ANY, "00000009"),
    DocumentKind("12", "Удостоверение беженца в РФ", _ANY, "00000009"),
    DocumentKind("13", "Временное удостоверение личности гражданина РФ", _ANY, "00000009"),
    DocumentKind("14", "Паспорт гражданина РФ", "99 99", "999999"),
    DocumentKind("15", "Заграничный паспорт гражданина РФ", "99", "9999999"),
    DocumentKind("16", "Паспорт моряка", "ББ", "9999990"),
    DocumentKind("17", "Военный билет офицера запаса", "ББ", "999999"),
    DocumentKind("18", "Иной документ", _ANY, "0000000009"),
    DocumentKind("20", "Копия жалобы на решение о лишении статуса беженца", _ANY, "0000000009"),
    DocumentKind("21", "Документ иностранного гражданина", _ANY, "0000000009"),
    DocumentKind("22", "Документ лица без гражданства", _ANY, "0000000009"),
    DocumentKind("23", "Разрешение на временное проживание", _ANY, "0000000009"),
    DocumentKind("24", "Свидетельство о рождении, выданное не в РФ", _ANY, "0000000009"),
    DocumentKind("25", "Свидетельство о предоставлении временного убежища", "ББ", "9999999"),
    DocumentKind("30", "Свидетельство о регистрации по месту жительства", "", "000000000009"),
)
_BY_CODE = {kind.code: kind for kind in DOCUMENT_KINDS}


@cache
def _pattern(mask: str) -> re.Pattern[str]:
    return re.compile("".join(_MASK_SIGNS.get(sign) or re.escape(sign) for sign in mask))


def fits_mask(mask: str, text: str) -> bool:
    """Tell whether the text has the form of a mask of F011."""
    return _pattern(mask).fullmatch(text) is not None


def check_identity_document(
    code: str,
    series: str,
    number: str,
    *,
    birth_date: date | None = None,
    issue_date: date | None = None,
    today: date | None = None,
) -> Checked:
    """Check a document by its F011 code and return `series number`, or the number alone.

    `split_document` parts the value again: the number never has a space.
    Errors: `document_kind_unknown`, `document_series_format`, `document_number_format`, and those of
    the passport and the birth certificate. Warning `document_unusual`: where the directory leaves the
    form to the issuing state, series up to 10 and number up to 20 characters pass, a form off the mask
    with this warning.
    Source: directory F011 of the federal fund.
    """
    kind = _BY_CODE.get(code)
    if kind is None:
        return refused(
            "document_kind_unknown", _KIND, "Вид документа не найден в справочнике F011: выберите из списка."
        )
    if code == PASSPORT:
        return check_passport_parts(series, number, birth_date=birth_date, issue_date=issue_date, today=today)
    if code == BIRTH_CERTIFICATE:
        return check_birth_certificate_parts(series, number, birth_date=birth_date, today=today)
    folded = tidy(series).upper(), tidy(number).upper().replace(" ", "")
    return _check_free(kind, *folded) if kind.free else _check_masked(kind, *folded)


def _check_masked(kind: DocumentKind, series: str, number: str) -> Checked:
    errors: list[Problem] = []
    if not fits_mask(kind.series_mask, series):
        message = f"{kind.name}: неверный формат серии, нужно: {_described(kind.series_mask)}."
        if not kind.series_mask:
            message = f"{kind.name}: серии нет, оставьте поле пустым."
        errors.append(Problem("document_series_format", _SERIES, message))
    if not fits_mask(kind.number_mask, number):
        message = f"{kind.name}: неверный формат номера, нужно: {_described(kind.number_mask)}."
        errors.append(Problem("document_number_format", _NUMBER, message))
    return Checked(None if errors else f"{series} {number}".strip(), tuple(errors))


def _check_free(kind: DocumentKind, series: str, number: str) -> Checked:
    errors: list[Problem] = []
    if series and not (_FREE_TEXT.fullmatch(series) and len(series) <= _FREE_SERIES_LENGTH):
        message = f"{kind.name}: серия — до {_FREE_SERIES_LENGTH} букв и цифр."
        errors.append(Problem("document_series_format", _SERIES, message))
    if not (_FREE_TEXT.fullmatch(number) and len(number) <= _FREE_NUMBER_LENGTH):
        message = f"{kind.name}: номер — от 1 до {_FREE_NUMBER_LENGTH} букв и цифр."
        errors.append(Problem("document_number_format", _NUMBER, message))
    if errors:
        return Checked(None, tuple(errors))
    doubts: tuple[Problem, ...] = ()
    if not (fits_mask(kind.series_mask, series) and fits_mask(kind.number_mask, number)):
        message = f"{kind.name}: необычные серия или номер, сверьте с документом."
        doubts = (Problem("document_unusual", _NUMBER, message),)
    return Checked(f"{series} {number}".strip(), warnings=doubts)


def _described(mask: str) -> str:
    """Say a mask in Russian: runs of one sign as a count, an optional digit as a range."""
    if set(mask) <= {"9", "0"}:
        least, most = mask.count("9"), len(mask)
        return f"цифр {most}" if least == most else f"цифр от {least} до {most}"
    if mask == "ББ":
        return "две русские буквы"
    return ", ".join(_SIGN_WORDS.get(sign, f"«{sign}»") for sign in mask)


def split_document(value: str) -> tuple[str, str]:
    """Part a checked `series number` into its halves; the series is empty where there is none."""
    series, _, number = value.rpartition(" ")
    return series, number
