"""HTML pages that stand alone: one template and style for all reports."""
