"""The inference server: many actors hand in leaves, which go to the device in full batches.

    actor ─send─▶ channel ─▶ queue ─▶ [dispatch] ─launch─▶ slot A ┐
    actor ─send─▶ channel ─▶   │                 ─launch─▶ slot B ┴─▶ [answer] ─▶ channel ─receive─▶ actor

Two batches are in flight, each in a slot of its own, so that the device copies for one while it
computes the other. When a batch goes is said in `train.batching`. Both threads sleep until there is
something to do. Channels are pinned memory on a GPU: leaves are copied from where they were gathered
to the device, and answers back to where they are applied, by the device itself.
"""

import queue
import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aztoolkit.encoding import get_action_space, get_encoding
from aztoolkit.evaluator import Evaluation
from aztoolkit.model import WDL_SIZE, ModelSpec
from train.batching import BatchQueue, Part, size_of
from train.throughput import InferenceMeter, now_s

SLOTS = 2
"""Batches in flight."""


class Slot(Protocol):
    """Room on a device for one batch."""

    def launch(self, parts: "Sequence[Part[ServerChannel]]") -> None:
        """Copies the parts in, evaluates them, and copies the answers out; need not wait for it."""

    def wait(self) -> None:
        """Returns once the answers are where they belong; raises EvaluationError if they are not finite."""


class ServedNetwork(Protocol):
    """A network that evaluates batches in slots."""

    @property
    def spec(self) -> ModelSpec:
        """What the network is."""

    @property
    def pinned(self) -> bool:
        """Whether channels should be memory that a GPU can copy by itself."""

    def open_slot(self, batch_size: int) -> Slot:
        """Returns a slot for batches up to that size, ready to be used."""


class ServerChannel:
    """Implements `train.channel.Channel` by asking the server."""

    def __init__(self, server: "InferenceServer", positions: int) -> None:
        """Makes room for so many `positions`."""
        spec = server.spec
        planes, actions = get_encoding(spec.encoding).planes, get_action_space(spec.action_space)
        pinned = server.pinned

        def room(*shape: int) -> Tensor:
            return torch.zeros(positions, *shape, pin_memory=pinned)

        self.inputs, self.policy, self.wdl = room(planes, 8, 8), room(actions.size), room(WDL_SIZE)
        self._server = server
        self._planes: NDArray[np.float32] = self.inputs.numpy()
        self._answered = threading.Event()
        self._error: BaseException | None = None
        self._count, self._left, self._sent_s = 0, 0, 0.0

    @property
    def planes(self) -> NDArray[np.float32]:
        """To gather into."""
        return self._planes

    def send(self, count: int) -> None:
        """Hands in a request; raises the server's error if it has failed."""
        self._count = self._left = count
        self._answered.clear()
        self._sent_s = now_s()
        self._server.submit(self, count, arrived_s=self._sent_s)

    def receive(self) -> Evaluation:
        """Sleeps until all is answered; raises whatever went wrong in the server."""
        self._answered.wait()
        if self._error is not None:
            raise self._error
        return Evaluation(
            self.policy[: self._count].numpy(),
            self.wdl[: self._count].numpy(),
        )

    def answer(self, count: int) -> float | None:
        """Notes that so many positions are answered; returns the latency in s if they were the last."""
        self._left -= count
        if self._left:
            return None
        latency_s = now_s() - self._sent_s
        self._answered.set()
        return latency_s

    def fail(self, error: BaseException) -> None:
        """Wakes whoever waits with an error."""
        self._error = error
        self._answered.set()


class InferenceServer:
    """Evaluates for many channels; close it when they are no longer used."""

    def __init__(self, network: ServedNetwork, *, batch_size: int, timeout_s: float) -> None:
        """Starts its two threads; the rules are those of `train.batching`."""
        self._network, self._batch_size = network, batch_size
        self._queue: BatchQueue[ServerChannel] = BatchQueue(batch_size, timeout_s)
        self._channels: list[ServerChannel] = []
        self._free: deque[Slot] = deque()
        self._in_flight: queue.SimpleQueue[tuple[Slot, list[Part[ServerChannel]]] | None]
        self._in_flight = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self.meter = InferenceMeter()
        self._slots: list[Slot] = []
        self.use(network)
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("dispatch", self._dispatch), ("answer", self._answer))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def spec(self) -> ModelSpec:
        """What its network is."""
        return self._network.spec

    @property
    def pinned(self) -> bool:
        """Whether its channels are pinned memory."""
        return self._network.pinned

    def open_channel(self, positions: int) -> ServerChannel:
        """Returns a channel of one's own for requests of up to so many positions."""
        channel = ServerChannel(self, positions)
        with self._changed:
            self._channels.append(channel)
        return channel

    def use(self, network: ServedNetwork) -> None:
        """Goes on with another network from the next batch on; it is made ready in the caller's thread."""
        slots = [network.open_slot(self._batch_size) for _ in range(SLOTS)]
        with self._changed:
            self._network = network
            self._slots = slots  # those in flight end, and are not used again
            self._free = deque(slots)
            self._changed.notify_all()

    def submit(self, channel: ServerChannel, count: int, *, arrived_s: float) -> None:
        """Puts a request of a channel into the queue."""
        with self._changed:
            if self._error is not None:
                raise self._error
            assert not self._closed, "send() after close()"
            self._queue.put(channel, count, arrived_s=arrived_s)
            self._changed.notify_all()

    def close(self) -> None:
        """Answers what was sent, then ends both threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _dispatch(self) -> None:
        """Launches batches until it is closed."""
        try:
            while (batch := self._next_batch()) is not None:
                slot, parts = batch
                slot.launch(parts)
                self._in_flight.put((slot, parts))
        except BaseException as error:
            self._fail(error)
        self._in_flight.put(None)

    def _next_batch(self) -> tuple[Slot, list[Part[ServerChannel]]] | None:
        """Sleeps until a batch may go, and returns it with the slot it goes to; None once closed."""
        with self._changed:
            while True:
                due_s = self._queue.due_s(len(self._channels))
                if self._error is not None or (self._closed and due_s is None):
                    return None
                left_s = None if due_s is None else due_s - now_s()
                if self._free and left_s is not None and (left_s <= 0 or self._closed):
                    break
                self._changed.wait(left_s if self._free else None)
            parts = self._queue.take()
            self.meter.launched(size_of(parts), places=self._batch_size, queued=self._queue.waiting)
            return self._free.popleft(), parts

    def _answer(self) -> None:
        """Gives answers to channels as batches are done, in the order in which they were launched."""
        try:
            while (flight := self._in_flight.get()) is not None:
                slot, parts = flight
                slot.wait()
                for part in parts:
                    if (latency_s := part.asker.answer(part.count)) is not None:
                        self.meter.answered(latency_s)
                with self._changed:
                    if any(slot is current for current in self._slots):
                        self._free.append(slot)
                    self._changed.notify_all()
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Ends the server: every channel is told why."""
        with self._changed:
            self._error = error
            for channel in self._channels:
                channel.fail(error)
            self._changed.notify_all()
