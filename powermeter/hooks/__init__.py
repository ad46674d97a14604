"""One line per framework: models whose calls are events, callbacks of trainers, a server's requests, a notebook's cells.

Each module is imported when it is used, and only there is its framework imported.
"""
