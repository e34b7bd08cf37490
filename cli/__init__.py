"""The command line: `main` gathers the commands, each of which is a file in `commands`."""
