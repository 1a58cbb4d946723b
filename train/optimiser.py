"""The optimiser of a learner: AdamW, Muon, or SGD with Nesterov momentum; and which weights decay."""

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from train.muon import Muon
from train.settings import TrainConfig


def build_optimiser(network: nn.Module, config: TrainConfig) -> Optimizer:
    """Returns an optimiser for all weights of a network that is on its device already.

    AdamW and SGD are fused: one kernel for all weights, and no waiting for the device where gradients are
    scaled. Sources: Loshchilov & Hutter 2019 (AdamW); Sutskever et al. 2013 (Nesterov momentum).
    """
    groups = parameter_groups(network, config.weight_decay)
    rate = config.learning_rate
    if config.optimiser == "adamw":
        return AdamW(groups, lr=rate, fused=True)
    if config.optimiser == "muon":
        return Muon(groups, lr=rate)
    nesterov = config.momentum > 0
    return SGD(groups, lr=rate, momentum=config.momentum, nesterov=nesterov, fused=True)


def keeps_moments(config: TrainConfig) -> bool:
    """Returns whether the optimiser has a state of its own for every weight that has made a step."""
    return config.optimiser != "sgd" or config.momentum > 0


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Returns the weights of convolutions and matrices, which decay; and all others, which do not.

    The others are biases, norms and learnt positions.
    """
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        decays = name.endswith("weight") and parameter.ndim > 1
        (matrices if decays else others).append(parameter)
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
