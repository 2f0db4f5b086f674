"""Models of papers that are not slit's own; nothing but their commands uses them."""
