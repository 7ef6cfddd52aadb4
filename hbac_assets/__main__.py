"""`python -m hbac_assets` is the command `hbac`."""

import sys

from hbac_assets.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
