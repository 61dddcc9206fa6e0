"""How fast the main pages and acts are beside the least that Django, SQL and WeasyPrint need for the same: `make bench`.

docs/benchmarks.md tells what is measured, and against what.
"""
