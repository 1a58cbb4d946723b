"""How well a network answers on positions that it never learned."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from train.losses import legal_logits
from train.replay import Game
from train.settings import TrainConfig
from train.window import Batch, ReplayWindow

MOST_POSITIONS = 4096
"""That a network is judged by."""
_CHUNK = 512
"""Positions of a forward pass, and in memory at a time."""


class HeldOut:
    """Positions of games that are not learned, the same every time."""

    def __init__(self, games: Sequence[Game], config: TrainConfig) -> None:
        """Takes at least one position; `config` gives the device."""
        self._device = config.device
        self._positions = min(sum(sum(game.searched) for game in games), MOST_POSITIONS)
        whole = {"replay_capacity": 2 * MOST_POSITIONS, "replay_growth": 1.0, "recency": 0.0}
        self._window = ReplayWindow(config.model_copy(update=whole | {"mirror": False}))
        self._window.add(games)

    def judge(self, network: nn.Module) -> Mapping[str, float]:
        """Returns the network's losses in nats, and the share of positions, 0 to 1, in which the move
        that it likes best is the target's best: `held_out_policy_loss`, `held_out_wdl_loss`,
        `held_out_accuracy`.

        The network is asked in evaluation mode, and left in the mode it was in.
        """
        rng = np.random.default_rng(0)
        sums = torch.zeros(3)
        was_training = network.training
        network.eval()
        with torch.inference_mode():
            for first in range(0, self._positions, _CHUNK):
                batch = self._window.sample(rng, min(_CHUNK, self._positions - first))
                sums += self._judge(network, batch)
        network.train(was_training)
        policy_loss, wdl_loss, right = (sums / self._positions).tolist()
        return {
            "held_out_policy_loss": policy_loss,
            "held_out_wdl_loss": wdl_loss,
            "held_out_accuracy": right,
        }

    def _judge(self, network: nn.Module, batch: Batch) -> Tensor:
        """Returns policy loss, win/draw/loss loss and right answers, summed: `[3]`."""
        planes, legal, policy, wdl = (
            torch.from_numpy(array).to(self._device)
            for array in (batch.planes, batch.legal, batch.policy, batch.wdl)
        )
        answer, wdl_logits = network(planes)
        logits = legal_logits(answer, legal)
        right = (logits.argmax(dim=1) == policy.argmax(dim=1)).sum()
        policy_loss = cross_entropy(logits, policy, reduction="sum")
        wdl_loss = cross_entropy(wdl_logits.float(), wdl, reduction="sum")
        return torch.stack([policy_loss, wdl_loss, right.float()]).cpu()
