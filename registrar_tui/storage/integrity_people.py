"""The keys people are found by, held against the cards they were made from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select, text
from sqlmodel import SQLModel

from registrar_tui.services.attachments import STRAYED
from registrar_tui.services.search_keys import number_key, patient_keys
from registrar_tui.services.surname_index import deletions, trigrams
from registrar_tui.storage.integrity import Findings, rows

_TABLES = SQLModel.metadata.tables
_PATIENT, _DOCUMENT = _TABLES["patient"], _TABLES["identity_document"]
_SURNAME, _DELETION, _TRIGRAM = (
    _TABLES["surname"],
    _TABLES["surname_deletion"],
    _TABLES["surname_trigram"],
)
_SAMPLE = 97  # without `thorough`, every card whose id is a multiple of it


def merges(connection: Connection, findings: Findings) -> None:
    """A merged card points to a living one, has no visits, and its merge is written down."""
    # A circle is a chain, too: every card of it points to a merged one.
    chained = (
        "SELECT card.id, card.merged_into_id FROM patient AS card "
        "JOIN patient AS survivor ON survivor.id = card.merged_into_id "
        "WHERE card.merged_into_id IS NOT NULL AND survivor.merged_into_id IS NOT NULL"
    )
    for card, survivor in rows(connection, chained):
        findings.add("merge_chain", f"Карта {card} указывает на карту {survivor}, а та сама объединена.")
    visiting = (
        "SELECT visit.id, card.id FROM patient AS card JOIN visit ON visit.patient_id = card.id "
        "WHERE card.merged_into_id IS NOT NULL"
    )
    for visit, card in rows(connection, visiting):
        findings.add("merged_with_visit", f"Приём {visit} стоит на объединённой карте {card}.")
    unrecorded = (
        "SELECT card.id FROM patient AS card LEFT JOIN patient_merge AS done "
        "ON done.retired_id = card.id AND done.undone_at IS NULL "
        "WHERE card.merged_into_id IS NOT NULL AND done.id IS NULL"
    )
    for (card,) in rows(connection, unrecorded):
        findings.add("merge_unrecorded", f"Карта {card} объединена, но записи об этом нет.")
    lost = (
        "SELECT card.id FROM patient_merge AS done JOIN patient AS card ON card.id = done.retired_id "
        "WHERE done.undone_at IS NULL AND card.merged_into_id IS NULL"
    )
    for (card,) in rows(connection, lost):
        findings.add("merge_lost", f"Карта {card} записана объединённой, но стоит отдельно.")
    findings.checked += int(connection.execute(text("SELECT count(*) FROM patient_merge")).scalar_one())


def dictionary(connection: Connection, findings: Findings) -> None:
    """The dictionary counts exactly the surnames of the cards, and has every typo key of each."""
    counted = (
        "SELECT cards.last_key, cards.people, surname.people FROM "
        "(SELECT last_key, count(*) AS people FROM patient WHERE last_key <> '' GROUP BY last_key) AS cards "
        "LEFT JOIN surname ON surname.name = cards.last_key "
        "WHERE surname.people IS NULL OR surname.people <> cards.people"
    )
    wrong = sum(1 for _ in rows(connection, counted))
    unborne = (
        "SELECT surname.id FROM surname WHERE NOT EXISTS "
        "(SELECT 1 FROM patient WHERE patient.last_key = surname.name)"
    )
    for (number,) in rows(connection, unborne):
        findings.add(
            "surname_unborne", f"Словарь фамилий: под номером {number} фамилия, которой нет в картах."
        )
    if wrong:
        findings.add("surname_counts", f"Словарь фамилий расходится с картами: фамилий {wrong}.")
    _keys_of_surnames(connection, findings)


def _keys_of_surnames(connection: Connection, findings: Findings) -> None:
    left_out = _Keys(connection, _DELETION, _DELETION.c.deletion)
    triples = _Keys(connection, _TRIGRAM, _TRIGRAM.c.trigram)
    for surname in rows(connection, select(_SURNAME.c.id, _SURNAME.c.name).order_by(_SURNAME.c.id)):
        findings.checked += 1
        found = (left_out.of(surname.id), triples.of(surname.id))
        if found != (deletions(surname.name), trigrams(surname.name)):
            findings.add("surname_keys", f"Словарь фамилий: у фамилии под номером {surname.id} не те ключи.")


class _Keys:
    """The keys of surnames in the order of their ids."""

    def __init__(self, connection: Connection, table: Any, key: Any) -> None:
        ordered = select(table.c.surname_id, key).order_by(table.c.surname_id)
        self._groups: Iterator[tuple[int, Iterator[Any]]] = groupby(
            rows(connection, ordered), key=lambda row: row[0]
        )
        self._next = next(self._groups, None)

    def of(self, number: int) -> set[str]:
        """Return the keys of one surname."""
        while self._next is not None and self._next[0] < number:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != number:
            return set()
        found = {row[1] for row in self._next[1]}
        self._next = next(self._groups, None)
        return found


def keys(connection: Connection, findings: Findings) -> None:
    """Every card and document has the search keys that its own text gives, every card its branch."""
    _compare_keys(connection, findings, 1)


def some_keys(connection: Connection, findings: Findings) -> None:
    """Every hundredth card has the search keys that its own text gives, and its branch."""
    _compare_keys(connection, findings, _SAMPLE)


def _compare_keys(connection: Connection, findings: Findings, step: int) -> None:
    cards = select(_PATIENT)
    documents = select(_DOCUMENT)
    strayed = STRAYED
    if step > 1:
        cards = cards.where(_PATIENT.c.id % step == 0)
        documents = documents.where(_DOCUMENT.c.id % step == 0)
        strayed = strayed.where(_PATIENT.c.id % step == 0)
    for card in rows(connection, cards):
        findings.checked += 1
        wanted = patient_keys(card.last_name, card.first_name, card.middle_name, card.phone)
        if any(card._mapping[name] != key for name, key in wanted.items()):
            findings.add("search_keys", f"Карта {card.id}: ключи поиска не совпадают с именем или телефоном.")
    for document in rows(connection, documents):
        findings.checked += 1
        if document.number_key != number_key(document.series, document.number):
            findings.add("search_keys", f"Документ {document.id}: ключ поиска не совпадает с номером.")
    for (card_id,) in rows(connection, strayed):
        findings.add("patient_branch", f"Карта {card_id}: филиал прикрепления неверен.")
