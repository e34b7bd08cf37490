"""Benchmarks of agreement: between coders, backends, languages, and with damaged files."""
