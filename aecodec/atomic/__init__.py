"""Files and folders that appear whole or not at all, whatever ends the process or the disk."""
