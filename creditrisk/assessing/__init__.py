"""What an assessment is: the call, what it computes, what is read off it, and what would change it."""
