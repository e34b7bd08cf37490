"""Write files and folders atomically, even if a process is killed or the disk is full."""
