"""torch.compile for self-play, kept only where it answers as the network does without it.

A later checkpoint of the same network costs no compilation: the code is torch's to keep, and takes the
weights as arguments.
"""

import warnings

import torch
from torch import Tensor, nn

from train.compile import OFF, TOLERANCES, Compiled, Compiler, Forward, autocast
from train.settings import CompileMode

_INDUCTOR_MODES = {
    "default": "default",
    # The CUDA graphs that inductor records belong to one thread; those of train.inference do not.
    "reduce-overhead": "default",
    "max-autotune": "max-autotune-no-cudagraphs",
}


def compile_inference(
    network: nn.Module,
    mode: CompileMode,
    planes: Tensor,
    *,
    precision: torch.dtype = torch.float32,
    compiler: Compiler = torch.compile,
) -> Compiled:
    """Returns a network compiled for inference, or as it is.

    Args:
        network: frozen, on the device of the planes, in evaluation mode.
        mode: `off` returns it as it is.
        planes: `[B, C, 8, 8]`, of which the shape matters: it is tried on noise of that shape.
        precision: of automatic mixed precision; float32 for none.
        compiler: takes the network, `mode` and `dynamic`.
    """
    if mode == OFF:
        return Compiled(network, OFF)
    on_cpu = planes.device.type == "cpu"  # where batches are as large as they happen to be
    noise = torch.rand(planes.shape, generator=torch.Generator().manual_seed(0)).to(planes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of what its own compiler calls
            dynamic = None if on_cpu else False
            compiled = compiler(network, mode=_INDUCTOR_MODES[mode], dynamic=dynamic)
            got = _answers(compiled, noise, precision)
    except Exception as error:  # torch raises whatever its compilers do
        reason = next(iter(str(error).split("\n")), "")
        return Compiled(network, f"{OFF}: {type(error).__name__}: {reason}")
    wanted = _answers(network, noise, precision)
    distance = float((got - wanted).norm() / wanted.norm().clamp_min(1e-30))
    if not distance <= TOLERANCES[precision]:
        reason = f"expected answers within {TOLERANCES[precision]:g}, got {distance:.2g}"
        return Compiled(network, f"{OFF}: {reason} from torch.compile in mode {mode}")
    return Compiled(compiled, mode)


@torch.inference_mode()
def _answers(forward: Forward, planes: Tensor, precision: torch.dtype) -> Tensor:
    """Returns all logits of the planes, `[B, A + 3]` float32."""
    with autocast(planes.device, precision):
        policy, wdl = forward(planes.to(memory_format=torch.channels_last))
    return torch.cat([policy.float(), wdl.float()], dim=1)
