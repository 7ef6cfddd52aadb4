"""The exception for errors that the user can fix.

Any other exception is a bug in this project and keeps its traceback.
"""


class HbacError(Exception):
    """An error outside the code: bad input, bad settings, a missing file, a full disk.

    The message is one line: the file, row, column or key, what was expected, what was found and what to do.
    """
