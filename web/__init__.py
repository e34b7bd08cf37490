"""A page that shows what a codec makes of pictures, for any static host."""
