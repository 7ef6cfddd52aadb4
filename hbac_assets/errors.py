"""The one exception for faults that a user can mend.

Everything else that is raised is a defect of this project and keeps its traceback.
"""


class HbacError(Exception):
    """A fault outside the code: bad input, bad settings, a missing file, a full disk.

    The message is one line. It names the file, row, column or key, what was expected, what was found and what
    to do about it.
    """
