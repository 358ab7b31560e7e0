"""The joined model and its trainer. Importing it makes the model known to transformers' Auto classes."""

from model.architecture import registration as registration
