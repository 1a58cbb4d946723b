"""The learner: one batch in, one step of the optimiser; the losses are read now and then.

    loss = CE(policy over legal moves, share of visits) + value_weight * CE(wdl, result)

Illegal moves are left out of the policy's softmax, as in lc0: search never asks for them.

    planes ─▶ network [compiled, autocast] ─▶ losses [float32] ─▶ gradients [scaled for fp16, clipped]
                                                                     └─▶ optimiser ─▶ running mean

A step never waits for a GPU, but with Muon in fp16: losses are added up there until `read`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from aztoolkit.errors import EvaluationError
from train.compile import OFF, Compiled, autocast, compile_network
from train.losses import legal_logits
from train.mean import MeanNetwork
from train.optimiser import build_optimiser, keeps_moments
from train.prefetch import TensorBatch
from train.settings import TrainConfig

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_LOSSES = ("loss", "policy_loss", "wdl_loss", "gradient_norm")
_LEAST_SCALE = 2.0**-10
"""fp16: gradients that overflow though scaled down so far are not the scale's fault."""
_OPTIMISER, _NETWORK, _SCALER = "optimiser.", "network.", "scaler."


class Learner:
    """A network in training, with its optimiser and, if asked for, the mean of its weights."""

    def __init__(
        self, network: nn.Module, config: TrainConfig, *, training_step: int = 0, planes: int = 119
    ) -> None:
        """Trains `network` in place, on the device of the config.

        Args:
            training_step: steps made already.
            planes: that the network sees; it is compiled for them.
        """
        self._config = config
        self._precision = PRECISIONS[config.training_precision]
        self.network = _convolve_fast(network.to(config.device)).train()
        self.training_step = training_step
        """Steps made, those of resumed runs included."""
        self.rate_share = 1.0
        """Of the learning rate; for whoever lets it fall."""
        self._mean = MeanNetwork(self.network, config.ema_decay) if config.ema_decay else None
        self._optimiser = build_optimiser(self.network, config)
        self._scaler = torch.amp.GradScaler(config.device, enabled=self._precision == torch.float16)
        self._compiled = self._compile(planes)
        self._sums = torch.zeros(len(_LOSSES), device=config.device)
        self._summed = 0

    @property
    def trained(self) -> nn.Module:
        """The network to play with, to save and to export: the mean of the weights where one is kept."""
        return self._mean.network if self._mean else self.network

    @property
    def compiled(self) -> str:
        """The mode of torch.compile in use, or `off` with the reason."""
        return self._compiled.outcome

    @property
    def learning_rate(self) -> float:
        """Of the next step: rises over the warm-up, then stays, but for `rate_share`."""
        warmup = self._config.warmup_steps
        risen = min(1.0, (self.training_step + 1) / max(warmup, 1))
        return self._config.learning_rate * risen * self.rate_share

    def step(self, batch: TensorBatch) -> None:
        """Learns one batch, without waiting for the device (but with Muon in fp16)."""
        policy_loss, wdl_loss = self._losses(batch)
        loss = policy_loss + self._config.value_weight * wdl_loss
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimiser)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._config.gradient_clip)
        for group in self._optimiser.param_groups:
            group["lr"] = self.learning_rate
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._optimiser.zero_grad()
        self.training_step += 1
        if self._mean:
            self._mean.update(self.training_step)
        self._sum(torch.stack([loss, policy_loss, wdl_loss, norm]).detach())

    def read(self) -> dict[str, float]:
        """Returns the means since the last reading; waits for the device. Nothing if no step was made.

        `loss`, `policy_loss` and `wdl_loss` are in nats, `gradient_norm` is before clipping. Call it
        before anything is saved, for it is what finds out whether the weights are still numbers.

        Raises:
            EvaluationError: a loss or a gradient was NaN or infinite: the weights are worth nothing.
        """
        if not self._summed:
            return {}
        means = dict(zip(_LOSSES, (self._sums / self._summed).tolist(), strict=True))
        self._sums.zero_()
        self._summed = 0
        self._check(means)
        return means

    def tensors(self) -> dict[str, Tensor]:
        """Returns what `trained` does not hold and going on needs.

        The optimiser's moments and counts, the scale of the gradients, and the weights themselves
        where `trained` is their mean.
        """
        found = {
            f"{_OPTIMISER}{name}.{key}": value
            for name, parameter in self.network.named_parameters()
            for key, value in self._optimiser.state.get(parameter, {}).items()
        }
        scaler = self._scaler.state_dict()
        found |= {
            f"{_SCALER}{key}": torch.tensor(value, dtype=torch.float64)
            for key, value in scaler.items()
        }
        weights = self.network.state_dict() if self._mean else {}
        return found | {f"{_NETWORK}{name}": value for name, value in weights.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes up what `tensors` returned, in a learner whose network was made with `trained`.

        Raises:
            ValueError: they are of another network or of other settings.
        """
        weights, scaler = _within(tensors, _NETWORK), _within(tensors, _SCALER)
        if bool(weights) != bool(self._mean) or bool(scaler) != self._scaler.is_enabled():
            raise ValueError(
                f"expected the state of a learner with ema_decay {self._config.ema_decay:g} and "
                f"precision {self._config.training_precision}, got one of others"
            )
        if weights:
            self.network.load_state_dict(weights)
        if scaler:
            values = {key: type(was)(scaler[key]) for key, was in self._scaler.state_dict().items()}
            self._scaler.load_state_dict(values)
        self._restore_optimiser(_within(tensors, _OPTIMISER))

    def _restore_optimiser(self, tensors: Mapping[str, Tensor]) -> None:
        names = {parameter: name for name, parameter in self.network.named_parameters()}
        ordered = [weight for group in self._optimiser.param_groups for weight in group["params"]]
        numbers = {names[weight]: number for number, weight in enumerate(ordered)}
        state: dict[int, dict[str, Tensor]] = {}
        for full_name, tensor in tensors.items():
            name, _, key = full_name.rpartition(".")
            if name not in numbers:
                raise ValueError(f"expected the state of this network's weights, got {name!r}")
            number = numbers[name]
            state.setdefault(number, {})[key] = _laid_out_like(ordered[number], tensor)
        wanted = (
            set(numbers.values()) if self.training_step and keeps_moments(self._config) else set()
        )
        none_yet = self._scaler.is_enabled() and not state  # all steps so far may have overflowed
        if not wanted <= state.keys() and not none_yet:
            raise ValueError(
                f"expected the optimiser's state of all {len(numbers)} weights, got {len(state)}"
            )
        described = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": state, "param_groups": described})

    def _compile(self, planes: int) -> Compiled:
        mode, device = self._config.training_compile, self._config.device
        if mode == OFF:
            return Compiled(self.network, OFF)
        generator = torch.Generator(device).manual_seed(self._config.seed)
        size = (self._config.training_batch_size, planes, 8, 8)
        trial = _channels_last(torch.rand(size, generator=generator, device=device))
        return compile_network(self.network, mode, trial, precision=self._precision)

    def _losses(self, batch: TensorBatch) -> tuple[Tensor, Tensor]:
        self.network.train()
        with autocast(self._config.device, self._precision):
            policy, wdl = self._compiled.forward(_channels_last(batch.planes))
        policy_loss = cross_entropy(legal_logits(policy, batch.legal), batch.policy)
        return policy_loss, cross_entropy(wdl.float(), batch.wdl)

    def _sum(self, losses: Tensor) -> None:
        if (
            self._scaler.is_enabled()
        ):  # a step whose gradients overflow is left out, and the scale lowered
            losses[-1].nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)
        self._sums += losses
        self._summed += 1

    def _check(self, means: Mapping[str, float]) -> None:
        finite = all(torch.isfinite(torch.tensor(list(means.values()))))
        scale = self._scaler.get_scale()
        if not finite or scale < _LEAST_SCALE:
            raise EvaluationError(
                f"expected finite losses up to training step {self.training_step}, got loss "
                f"{means['loss']} (gradient norm {means['gradient_norm']}, scale {scale:g}); the last "
                "checkpoint is intact: go on from it with a lower --learning-rate in a new run"
            )


def _convolve_fast(network: nn.Module) -> nn.Module:
    """Lays out a network's weights so that its convolutions need not rearrange what they read."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _channels_last(planes: Tensor) -> Tensor:
    return planes.contiguous(memory_format=torch.channels_last)


def _laid_out_like(weight: Tensor, tensor: Tensor) -> Tensor:
    """Returns a moment of a weight as fused optimisers want it: number beside number."""
    return torch.empty_like(weight).copy_(tensor) if tensor.shape == weight.shape else tensor


def _within(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
