"""Shared by all packages: errors, types of arrays, threads, and reading and writing of files."""
