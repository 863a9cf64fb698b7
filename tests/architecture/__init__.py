"""The rules of the house, each a function from a file to its faults. tests/test_architecture.py runs them all."""
