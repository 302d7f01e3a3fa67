"""The barcode of a paper policy: invented people, encoded by the fund's rules."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.services.search_keys import other_layout
from registrar_tui.validators.policy_barcode import BYTES, PolicyBarcode, read_policy_barcode


def padded(head: str, tail: str = "") -> str:
    """Return the hexadecimal text of a code: its fields, then zeros up to its length."""
    return (head + tail).ljust(2 * BYTES, "0")


SECOND = padded(
    "02001B909FE89D240C853821750FD740E73F79385F7505E6".ljust(120, "0") + "0148C30000", "0100000000"
)
CASES = [
    (SECOND, PolicyBarcode("7758840848000012", "ТЕСТОВ", "ИВАН", "ПЕТРОВИЧ", "M", date(1951, 1, 1), None)),
    (
        padded("02000607F0943043F782A51B65773FA0E497FEBAECB6EA4".ljust(120, "0") + "01B125B97A"),
        PolicyBarcode(
            "1697579720000503", "СЪЁМКИН", "ЩАДИ", "ЫЫЭЮЯЬ", "M", date(2024, 2, 29), date(2030, 1, 1)
        ),
    ),
    (
        padded("01001B98E6A917D88F1E157E7F38816107FDE0B4515C075D26".ljust(102, "0") + "0148C20000"),
        PolicyBarcode("7767940818000015", "ТЕСТОВ", "ПЁТР", "СЕМЁНОВИЧ", "M", date(1950, 12, 31), None),
    ),
    (
        padded("010016EF58096E062C5CF7397F37841318FE5215".ljust(102, "0") + "0276D50000"),
        PolicyBarcode("6455610882000428", "О’ТЕСТ", "НОРА", "ДЖ.", "F", date(1983, 4, 17), None),
    ),
]


@pytest.mark.parametrize(("scan", "said"), CASES)
def test_both_types_in_any_case_and_layout(scan: str, said: PolicyBarcode) -> None:
    assert read_policy_barcode(scan) == said
    assert read_policy_barcode(f" {scan.lower()}\r\n") == said
    assert read_policy_barcode(other_layout(scan)) == said
    assert read_policy_barcode(other_layout(scan.lower())) == said
    assert read_policy_barcode(scan + "0D0A") == said


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        SECOND[:-2],
        SECOND + "00",
        "03" + SECOND[2:],
        SECOND.replace("240C", "240D", 1),
        SECOND.replace("0148C3", "0748C3"),
        SECOND.replace("0C8538", "0CBE38"),
        SECOND.replace("00", "0G", 1),
        "ф" * 2 * BYTES,
        "٠" * 2 * BYTES,
    ],
)
def test_anything_else_is_no_barcode(spoilt: str) -> None:
    assert read_policy_barcode(spoilt) is None
