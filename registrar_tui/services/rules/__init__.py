"""Booking rules: one class a rule, its parameters and dates as data."""
