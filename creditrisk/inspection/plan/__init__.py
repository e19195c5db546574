"""What a plan is made of, what it says, and what it is worth."""
