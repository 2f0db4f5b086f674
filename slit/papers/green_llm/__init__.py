"""Green-LLM (Cheng and Nguyen, arXiv 2507.09942): the letter's linear program as its own model.

instance: the data and its JSON format. generator: random instances. conversion: a scenario as an
instance, models: with which model variants. program: the linear program. solve: lexicographic
orders and weighted sums. placement: the early variant with placed models. sweeps: one parameter
varied. outcome: what an allocation costs, computed without the program.
"""
