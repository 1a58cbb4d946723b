"""The learner: one batch in, one step of AdamW, the losses out.

    loss = CE(policy over legal moves, share of visits) + value_weight * CE(wdl, result)

Illegal moves are left out of the policy's softmax, as in lc0: search never asks for them.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from aztoolkit.errors import EvaluationError
from train.settings import TrainConfig
from train.window import Batch

_ILLEGAL_LOGIT = -1e4
"""Low enough to vanish in a softmax, and finite, so that 0 * log(0) stays 0."""


class Learner:
    """A network in training, with its optimiser."""

    def __init__(self, network: nn.Module, config: TrainConfig, *, training_step: int = 0) -> None:
        """Trains `network` in place, on the device of the config."""
        self._config = config
        self.network = network.to(config.device)
        self.training_step = training_step
        """Steps made, those of resumed runs included."""
        self._optimiser = torch.optim.AdamW(_parameter_groups(network, config.weight_decay))

    def step(self, batch: Batch) -> dict[str, float]:
        """Learns one batch and returns the losses: `loss`, `policy_loss`, `wdl_loss` in nats.

        Raises:
            EvaluationError: the loss or its gradient is NaN or infinite; the step was not made.
        """
        self.network.train()
        policy_loss, wdl_loss = self._losses(batch)
        loss = policy_loss + self._config.value_weight * wdl_loss
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._config.gradient_clip)
        self._check_finite(loss, norm)
        for group in self._optimiser.param_groups:
            group["lr"] = self.learning_rate
        self._optimiser.step()
        self.training_step += 1
        named = {"loss": loss, "policy_loss": policy_loss, "wdl_loss": wdl_loss}
        return {name: value.item() for name, value in named.items()} | {
            "gradient_norm": float(norm)
        }

    @property
    def learning_rate(self) -> float:
        """Of the next step: rises over the warm-up, then stays."""
        warmup = self._config.warmup_steps
        return self._config.learning_rate * min(1.0, (self.training_step + 1) / max(warmup, 1))

    def optimiser_tensors(self) -> dict[str, Tensor]:
        """Returns AdamW's moments and counts, named `parameter.moment`."""
        return {
            f"{name}.{key}": value
            for name, parameter in self.network.named_parameters()
            for key, value in self._optimiser.state.get(parameter, {}).items()
        }

    def restore_optimiser(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes up what `optimiser_tensors` returned."""
        names = {parameter: name for name, parameter in self.network.named_parameters()}
        ordered = [
            names[parameter]
            for group in self._optimiser.param_groups
            for parameter in group["params"]
        ]
        state: dict[int, dict[str, Tensor]] = {}
        for full_name, tensor in tensors.items():
            name, _, key = full_name.rpartition(".")
            state.setdefault(ordered.index(name), {})[key] = tensor
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": state, "param_groups": groups})

    def _losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        device = self._config.device
        policy, wdl = self.network(torch.from_numpy(batch.planes).to(device))
        legal = torch.from_numpy(batch.legal).to(device)
        logits = policy.masked_fill(~legal, _ILLEGAL_LOGIT)
        policy_loss = cross_entropy(logits, torch.from_numpy(batch.policy).to(device))
        return policy_loss, cross_entropy(wdl, torch.from_numpy(batch.wdl).to(device))

    def _check_finite(self, loss: Tensor, norm: Tensor) -> None:
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise EvaluationError(
                f"expected a finite loss at training step {self.training_step}, got {loss.item()} "
                f"(gradient norm {norm.item()}); the last checkpoint is intact: go on from it "
                "with a lower --learning-rate in a new run"
            )


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},  # biases, BN
    ]
