"""TFLite operators: the table of those that codecs may have, their checks, and plans for C."""
