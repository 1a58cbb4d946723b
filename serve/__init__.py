"""Stage four: a board in the browser against a model. Never loads torch."""
