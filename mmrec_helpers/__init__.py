"""Helpers of the course on multimodal recommenders: small rooms, one idea each.

Importing this package is light: the heavy libraries are imported by the rooms that need them.
"""

__version__ = "0.1.0"
