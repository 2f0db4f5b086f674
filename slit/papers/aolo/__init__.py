"""AOLO (arXiv 2503.04418): the length of an answer and the power that carries it, chosen together.

The paper's equations and constants are not available: this is a labelled substitute from published
sources, and no figure of it is a reproduction. cell_file: what a person writes. stations: power and
path loss. requests: a day of requests, drawn. chain: what each costs as coefficients. kernels: the
exact optimum of each request. policies: what it is compared with. Learning agents (extra `rl`):
decision_task: what they see, do and are paid. environment: that as Gymnasium has it. spiking,
soft_actor_critic: the agents. training, checkpoints, evaluation: what is done with them.
"""
