"""The parts of a policy in words, the comparison of two policies, and the pages that publish a policy."""
