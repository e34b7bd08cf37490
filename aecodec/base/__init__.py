"""What all packages use: errors, types of arrays, threads, and reading and writing of files."""
