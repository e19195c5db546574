"""The parts of a policy in words, two policies compared, and the pages that publish them."""
