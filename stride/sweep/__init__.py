"""Sweeps: many runs from one search space, by Optuna; a study's journal lies in the experiment."""
