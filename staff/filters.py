"""Filters that the lists of several apps have."""

from datetime import MAXYEAR, MINYEAR

import django_filters as filters
from django.forms import HiddenInput


class YearFilter(filters.NumberFilter):
    """A year that a figure led to. What is none is an error of the form, not of the database."""

    def __init__(self, *args, **kwargs):
        # A year of instants has room for the time zone at both ends.
        bounds = {"min_value": MINYEAR + 1, "max_value": MAXYEAR - 1, "decimal_places": 0}
        super().__init__(*args, widget=HiddenInput, **bounds, **kwargs)

    def get_max_validator(self):
        """The bound above is enough."""
        return None
