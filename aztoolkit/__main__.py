"""`python -m aztoolkit` is the `aztoolkit` command."""

import sys

from aztoolkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
