"""Is a reminder lost or said twice when worker, beat, broker or database die in mid-work? `make drill`, with real processes.

Each drill has a database, a broker and a data folder of its own; what was to be said is computed here, by plain counting,
and compared with what stands in the database when all has come to rest. docs/benchmarks.md has the figures.
"""
