"""What a table of patients, doctors, schedule or visits means to the base."""
