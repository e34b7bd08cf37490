"""A report to look at: pictures before and after a codec, on an HTML page that fetches nothing."""
