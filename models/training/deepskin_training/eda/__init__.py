"""Exploration of the training data: one page of plots, with the numbers behind them."""
