"""A small network in PyTorch: losses as metrics, the weights as an artifact, the seed of the run as PyTorch's.

Run:    python -m hallow.as_sacred examples/sacred/torch_training.py with epochs=30 model.hidden=4 -F runs
Prints: loss below 0.5: True

Needs PyTorch: `pip install torch`.
"""

import torch
from sacred import Experiment, Ingredient

model_ingredient = Ingredient("model")
ex = Experiment("torch_training", ingredients=[model_ingredient])


@model_ingredient.config
def model_cfg():
    hidden = 8


@model_ingredient.capture
def make_model(hidden):
    return torch.nn.Sequential(torch.nn.Linear(2, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1))


@ex.config
def cfg():
    epochs = 50
    learning_rate = 0.1
    weights = "weights.pt"


@ex.automain
def train(_run, _seed, epochs, learning_rate, weights):
    torch.manual_seed(_seed)
    inputs = torch.randn(128, 2)
    targets = inputs[:, :1] - inputs[:, 1:]
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        _run.log_scalar("training.loss", loss.item(), epoch)
    torch.save(model.state_dict(), weights)
    _run.add_artifact(weights)
    print("loss below 0.5:", loss.item() < 0.5)
    return loss.item()
