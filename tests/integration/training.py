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
