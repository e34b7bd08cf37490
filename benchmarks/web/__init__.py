"""Chromium and a host of static files, for benchmarks and tests of pages."""
