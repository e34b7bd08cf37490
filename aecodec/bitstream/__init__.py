"""The payload of a file: how its code vectors are laid out, segmented and coded."""
