"""The database: opening it safely, transactions, schema; the only place that knows dialects."""
