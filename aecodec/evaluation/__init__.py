"""Rate and distortion of a codec: of one file, and on a data set."""
