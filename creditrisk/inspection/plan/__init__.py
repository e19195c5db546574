"""The parts of a plan, its contents, and its expected worth."""
