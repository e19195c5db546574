"""What a change of policy does to a population, before it takes force."""
