"""Drawing up a plan: who is drawn for each group of items, one after the other, within the caps."""
