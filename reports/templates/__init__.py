"""The page's template and its style, read as data."""
