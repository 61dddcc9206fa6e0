"""Reads of plans and inspections; one module for each noun."""
