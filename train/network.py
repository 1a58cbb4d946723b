"""Where the networks were; see `train.networks`."""

from train.networks import NetworkConfig, build_network, count_parameters, fold_batch_norm

__all__ = ["NetworkConfig", "build_network", "count_parameters", "fold_batch_norm"]
