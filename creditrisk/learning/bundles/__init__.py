"""Fitted models as folders of text, with a manifest and a card, and back without executing anything."""
