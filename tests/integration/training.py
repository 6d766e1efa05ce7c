"""Settings of training runs that take seconds."""

_SETTINGS = """
name = "tiny"
seed = 3
scenarios = ["paper-ground"]
checkpoint_every_steps = 128

[network]
hidden = [{hidden}]

[cloning]
episodes = 3
epochs = {epochs}
batch_size = 32
learning_rate = 1e-3
value_weight = 0.5
planner_deadline_s = 20.0

[ppo]
total_steps = {steps}
num_envs = 1
n_steps = 128
batch_size = 64
n_epochs = 1
learning_rate = 1e-4
gamma = 1.0
gae_lambda = 0.95
clip_range = 0.1
ent_coef = 0.0
vf_coef = 0.5
max_grad_norm = 0.5

[evaluation]
every_steps = 100000
episodes = {episodes}
seed = 500000
"""


def tiny_training(hidden: int, epochs: int, steps: int, episodes: int) -> str:
    """Settings in TOML.

    Args:
        hidden: units of the network's one layer.
        epochs: of cloning three walks.
        steps: of reinforcement learning.
        episodes: of an evaluation.
    """
    return _SETTINGS.format(hidden=hidden, epochs=epochs, steps=steps, episodes=episodes)


TINY_SCORER = """
name = "tiny"
algorithm = "dagger"
seed = 3
scenarios = ["paper-ground"]
rounds = 8

[network]
encoder = "attention"
width = 16
heads = 2
blocks = 1

[teaching]
episodes = 4
label_limit = 100_000
explore = 0.05
epochs = 2
batch_size = 64
learning_rate = 2e-3
weight_decay = 1e-3

[evaluation]
episodes = 1
seed = 600_000
planner_deadline_s = 20.0
patience = 8
"""
"""Settings of an action scorer in TOML; a round takes a moment."""
