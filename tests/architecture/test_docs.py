"""The documents say what the program does: commands, keys, links, tests named in decisions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registrar_tui.app import keymap
from registrar_tui.app.shortcut import PLACE_TITLES
from registrar_tui.cli.catalogue import CATALOGUE, Noun
from registrar_tui.cli.main import LazyGroup, program

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = sorted((ROOT / "docs/ru").glob("*.md"))
RUSSIAN = "\n".join(file.read_text(encoding="utf-8") for file in GUIDES)
DECISIONS = sorted((ROOT / "docs/adr").glob("0*.md"))
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
GLOBAL_OPTIONS = {"--db", "--config", "--operator", "--json", "--quiet", "--help", "--version"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED_TEST = re.compile(r"tests/[\w/]+\.py(?:::(\w+))?")
PICTURE_LIMIT = 200_000


def commands() -> list[str]:
    """Return every command as it is typed: `book`, `ticket print`."""
    return [
        f"{name} {verb}".strip()
        for name, entry in CATALOGUE.items()
        for verb in (entry.verbs if isinstance(entry, Noun) else [""])
    ]


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_a_document(command: str) -> None:
    assert re.search(rf"registrar {command}\b", README + RUSSIAN)


def examples() -> Iterator[str]:
    """Return the command lines shown, without their comments."""
    for line in (README + RUSSIAN).splitlines():
        if match := re.match(r"(?:\$ )?(?:\w+=\S+ )*(registrar(?: .*)?)$", line):
            yield match[1]


@pytest.mark.parametrize("line", sorted(set(examples())))
def test_every_example_uses_words_and_options_of_its_command(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    known = set(GLOBAL_OPTIONS)
    entry: Any = program()
    while isinstance(entry, LazyGroup) and words and not words[0].startswith("-"):
        entry = entry.get_command(None, words.pop(0))
    if not isinstance(entry, LazyGroup):
        known |= {option for parameter in entry.params for option in parameter.opts}
    assert options <= known


def key_table(place: str) -> str:
    """Return the keys of a place as the guide prints them."""
    title, ((_, here), _) = keymap.help_of(place)
    rows = "".join(f"| `{key}` | {text} |\n" for key, text in here)
    return f"## {title[:1].upper()}{title[1:]}\n| клавиша | что делает |\n|---|---|\n{rows}"


def general_keys() -> str:
    """Return the keys that act everywhere as the guide prints them."""
    _, (_, (_, everywhere)) = keymap.help_of("search")
    rows = "".join(f"| `{key}` | {text} |\n" for key, text in everywhere)
    return f"## Везде\n| клавиша | что делает |\n|---|---|\n{rows}"


@pytest.mark.parametrize("place", PLACE_TITLES)
def test_every_key_of_a_place_is_in_the_guide(place: str) -> None:
    assert key_table(place) in (ROOT / "docs/ru/keys.md").read_text(encoding="utf-8")


def test_every_general_key_is_in_the_guide() -> None:
    assert general_keys() in (ROOT / "docs/ru/keys.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda file: file.stem)
def test_a_decision_has_its_parts_and_names_tests_that_exist(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        *("Context", "Decision", "Consequences", "How it is kept")
    ]
    named = list(NAMED_TEST.finditer(text))
    assert named
    for match in named:
        source = ROOT / match[0].partition("::")[0]
        assert source.is_file(), match[0]
        assert match[1] is None or f"def {match[1]}(" in source.read_text(encoding="utf-8"), match[0]


def test_every_decision_is_listed_and_those_the_code_names_exist() -> None:
    listed = set(LINK.findall((ROOT / "docs/adr/README.md").read_text(encoding="utf-8")))
    assert listed == {decision.name for decision in DECISIONS}
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "registrar_tui").rglob("*.py"))
    named = set(re.findall(r"docs/adr/([\w-]+\.md)", source))
    assert "0002-store.md" in named
    assert named <= listed


def test_the_targets_the_documents_name_are_in_the_makefile() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    texts = [document.read_text(encoding="utf-8") for document in DOCUMENTS]
    named = {name for text in texts for name in re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE)}
    assert {"run", "test"} <= set(re.findall(r"^make (\w+)", README, re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("name", ["grid.png", "ticket.png"])
def test_the_pictures_are_shown_and_small(name: str) -> None:
    picture = ROOT / "docs/images" / name
    assert f"(docs/images/{name})" in README
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < PICTURE_LIMIT
