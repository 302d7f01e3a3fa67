"""Open the desk on the clinic in memory, to be looked at: `python -m tests.tui.run_fake_desk`."""

from __future__ import annotations

from datetime import datetime

from registrar_tui.app.app import RegistrarApp
from tests.tui.fake_services import FakeServices


def main() -> None:
    """Give the clinic a few visits of every kind and open the desk."""
    services = FakeServices()
    for doctor, time, patient, status in (
        (4, (8, 0), 2, "booked"),
        (4, (8, 15), 3, "arrived"),
        (4, (10, 15), 1, "booked"),
        (5, (11, 0), 5, "booked"),
    ):
        slot = services.slot_at(doctor, datetime(2026, 11, 23, *time))
        moment, slot.starts_at = slot.starts_at, datetime(2026, 11, 30, *time)
        services.add_visit(patient, slot.id, status)
        slot.starts_at = moment
    services.add_visit(1, services.slot_at(1, datetime(2026, 11, 26, 10, 15)).id)
    RegistrarApp(services=services).run()


if __name__ == "__main__":
    main()
