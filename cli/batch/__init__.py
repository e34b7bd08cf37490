"""Processing of many files in parallel, with reports in the order of the files."""
