"""Measurements: `make bench`. A module bench_*.py offers functions bench_* that return figures."""
