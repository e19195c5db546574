"""The impact of a change of policy on a population, before it is in force."""
