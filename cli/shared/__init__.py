"""What the commands share: files, options, and what is said on the terminal."""
