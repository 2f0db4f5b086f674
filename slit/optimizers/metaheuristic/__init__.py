"""The metaheuristic `slit`, and `slit-paper`, the same code as the paper describes it."""
