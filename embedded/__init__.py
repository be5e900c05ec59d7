"""Runs PostgreSQL, Valkey and all our processes on a machine that has none of them.

Plain Python: imports nothing of ours and no Django.
"""
