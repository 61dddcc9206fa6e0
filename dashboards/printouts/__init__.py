"""Papers of the managers' dashboard: printed on demand, never kept, no evidence."""
