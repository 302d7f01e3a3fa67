"""Document and contact rules: text in, a normalised value or problems out; no I/O."""
