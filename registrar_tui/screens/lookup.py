"""When a typed line is put to the core: one question under way, stale answers dropped, Enter never lost."""

from __future__ import annotations

from typing import NamedTuple

# A hand types a key each 80-125 ms. The answer (10 ms of search, 10 of drawing) is to stand before the next
# one: a key that comes while it is drawn waits. A scanner's keys are closer than this and ask once.
DEBOUNCE_SECONDS = 0.04


class Question(NamedTuple):
    """One request: its number and the text it asks about."""

    number: int
    text: str


class Lookup:
    """The state between typing and answers; it draws nothing and calls nothing."""

    def __init__(self) -> None:
        self.text = ""
        self._number = 0
        self._asked: Question | None = None
        self._answered: str | None = None
        self._awaited = False

    @property
    def busy(self) -> bool:
        """Tell whether a question is under way."""
        return self._asked is not None

    @property
    def fresh(self) -> bool:
        """Tell whether the rows shown answer the text as typed."""
        return self._answered == self.text

    @property
    def awaited(self) -> bool:
        """Tell whether Enter was pressed ahead of the answer."""
        return self._awaited

    def typed(self, text: str) -> bool:
        """Take the text of the line; a change drops an Enter that waits. Tells whether it changed."""
        if text == self.text:
            return False
        self.text = text
        self._awaited = False
        return True

    def await_answer(self) -> None:
        """Remember that Enter was pressed for the text as it stands."""
        self._awaited = True

    def next_question(self) -> Question | None:
        """Return what to ask now, or None while a question is under way or the rows are fresh."""
        if self.busy or self.fresh:
            return None
        self._number += 1
        self._asked = Question(self._number, self.text)
        return self._asked

    def answered(self, number: int) -> bool:
        """Take an answer; True: it is for the text as typed and is to be shown."""
        asked = self._asked
        if asked is None or asked.number != number:
            return False
        self._asked = None
        if asked.text != self.text:
            return False
        self._answered = asked.text
        return True

    def is_latest(self, number: int) -> bool:
        """Tell whether a question was the last one, and the rows shown answer the text as typed."""
        return number == self._number and self.fresh

    def take_awaited(self) -> bool:
        """Tell, once, whether Enter was waiting for this answer."""
        awaited, self._awaited = self._awaited, False
        return awaited

    def failed(self, number: int) -> bool:
        """Take a failure; True: it is the question under way. A waiting Enter is dropped."""
        if self._asked is None or self._asked.number != number:
            return False
        self._asked = None
        self._awaited = False
        return True

    def forget(self) -> None:
        """Drop what is known, so that the same text is asked again."""
        self._asked = None
        self._answered = None
        self._awaited = False
