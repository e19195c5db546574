"""Fitted models as folders of text, with a manifest and a card; reading them executes nothing."""
