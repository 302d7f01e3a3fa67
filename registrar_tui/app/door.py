"""The clinic's door: signing in at the desk; the token of the session never leaves this object."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from registrar_tui.errors import RegistrarError, StoreUnavailable

if TYPE_CHECKING:
    from registrar_tui.config import Config
    from registrar_tui.office_services import OfficeServices
    from registrar_tui.services.protocol import Services


class ClinicDoor:
    """Opens the base of one desk for whoever signs in; storage is imported by the first call."""

    def __init__(self, config: Config) -> None:
        self.desk = config.desk
        self.login = config.operator or ""
        self._config = config
        self._token: str | None = None
        self._office: OfficeServices | None = None
        self._one_at_a_time = threading.Lock()

    def open(self) -> Services:
        """Return the desk's use-cases; `not_signed_in` where somebody must sign in first."""
        from registrar_tui import bootstrap

        if self._token is None:
            return bootstrap.build(self._config)
        return bootstrap.build(self._anybody, token=self._token)

    def nobody_yet(self) -> bool:
        """Tell whether the base has no operator."""
        from registrar_tui import bootstrap

        return not bootstrap.has_operators(self._config)

    def found(self, login: str, name: str, password: str) -> None:
        """Make the first administrator and sign in as one."""
        from registrar_tui import bootstrap

        bootstrap.first_administrator(self._config, login, name, password)
        self.sign_in(login, password)

    def sign_in(self, login: str, password: str) -> None:
        """Open a session in place of the present one; NotAllowed says why not."""
        from registrar_tui import bootstrap

        self._token = bootstrap.sign_in(self._config, login, password, instead_of=self._token)
        self.login = login
        with self._one_at_a_time:
            office, self._office = self._office, None
        if office is not None:
            office.close()

    def change_password(self, login: str, password: str) -> None:
        """Change one's own password, which ends every session, and open a new one."""
        self.office().set_password(login, password)
        # The password is changed already: a base that goes away now must not ask for another one.
        with suppress(StoreUnavailable):
            self.sign_in(login, password)

    def back_up_if_due(self) -> None:
        """Take the day's backup where nobody has taken one; a demo base needs none."""
        from registrar_tui import maintenance

        maintenance.daily_backup_if_due(self._config)

    def office(self) -> OfficeServices:
        """Return the office of whoever has signed in, opened when first asked for."""
        with self._one_at_a_time:
            if self._office is None:
                from registrar_tui import bootstrap

                config = self._config if self._token is None else self._anybody
                self._office = bootstrap.build_office(config, token=self._token)
            return self._office

    def close(self) -> None:
        """End the session and give every connection back; a base that is away keeps nobody here."""
        if self._token is not None:
            with suppress(RegistrarError):
                self.office().sign_out(self._token)
        if self._office is not None:
            self._office.close()

    @property
    def _anybody(self) -> Config:
        """The settings without the operator they name: whoever has signed in works."""
        return replace(self._config, operator=None)
