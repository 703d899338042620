"""Bringing firmware, upyml and models onto boards."""
