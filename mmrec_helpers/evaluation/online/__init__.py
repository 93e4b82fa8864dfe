"""Online evaluation: impressions, A/B tests, interleaving, bandits, off-policy estimates. Taught in chapter 10."""
