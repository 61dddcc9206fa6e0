"""Reads of the error library. All figures are reckoned by the database from what was raised; nothing is kept beside it."""
