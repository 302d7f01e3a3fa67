"""Tables in and out: CSV, XLSX, JSON Lines."""
