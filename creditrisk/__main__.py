"""``python -m creditrisk``."""

from creditrisk.cli import main

if __name__ == "__main__":
    main()
