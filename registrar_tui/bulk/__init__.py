"""Tables in and out: whole files carried into the base and out of it, a batch or a row at a time."""
