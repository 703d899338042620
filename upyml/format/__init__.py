"""The .upm file: one home of its layout. SPEC.md tells it in words."""
