"""The web page that compresses pictures in the browser, for any static host."""
