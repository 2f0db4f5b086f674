"""Models of papers, each as published: they use linear programs, and nothing here uses them."""
