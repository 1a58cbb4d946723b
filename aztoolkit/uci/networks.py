"""The network that plays, opened on a thread of its own so that the protocol never waits for it.

wanted ──▶ stand-in on the processor ──▶ the real one        `current` is the newest of these
           only where the real one is
           slow to prepare, as a plan is
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aztoolkit.backends import BackendName, Choice, choose_backend, open_evaluator
from aztoolkit.errors import AztoolkitError, ModelError
from aztoolkit.evaluator import Evaluator
from aztoolkit.uci.weights import find_model

_POLL_S = 0.02
_SMALL_BATCH, _CARD_BATCH = 16, 64
"""Positions asked about at once, on a processor and on a card."""

OpenModel = Callable[[Path, Choice, int], Evaluator]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What the options ask for."""

    weights: str
    precision: str
    backend: BackendName
    threads: int
    """0 leaves the choice to the backend."""
    batch: int
    """0 leaves the choice to us."""


@dataclass(frozen=True, eq=False)
class Network:
    """An opened model."""

    model: Path
    evaluator: Evaluator
    batch: int
    """Positions to ask about at once."""


def open_with(model: Path, choice: Choice, threads: int) -> Evaluator:
    """Opens a model on the backend chosen."""
    return open_evaluator(model, backend=choice, threads=threads)


class Networks:
    """Opens what is wanted, in the background; keeps what it had until then."""

    def __init__(self, say: Say, *, open_model: OpenModel = open_with) -> None:
        """Tells by `say`, in a line, what was opened or why not."""
        self._say, self._open_model = say, open_model
        self._changed = threading.Condition()
        self._wanted: Wanted | None = None
        self._settled = True
        self._current: Network | None = None
        self._retired: list[Network] = []
        self._thread: threading.Thread | None = None

    @property
    def opening(self) -> bool:
        """Whether a model is being opened now."""
        return not self._settled

    def want(self, wanted: Wanted) -> None:
        """Begins to open what is wanted, unless that was wanted already."""
        with self._changed:
            if wanted == self._wanted:
                return
            self._wanted, self._settled = wanted, False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="networks", daemon=True)
                self._thread.start()

    def take(self, give_up: Callable[[], bool]) -> Network | None:
        """Returns the network for a search, which begins now and is the only one.

        That is the newest of the model wanted; it is waited for, where only another model is open.
        None if there is none, or `give_up` says so first. Networks replaced before are freed.
        """
        with self._changed:
            while not (self._settled or self._is_of_wanted_model()) and not give_up():
                self._changed.wait(_POLL_S)
            retired, self._retired = self._retired, []
            current = self._current if self._settled or self._is_of_wanted_model() else None
        for network in retired:
            network.evaluator.close()
        return current

    def _is_of_wanted_model(self) -> bool:
        if self._current is None or self._wanted is None:
            return False
        try:
            return find_model(self._wanted.weights, self._wanted.precision) == self._current.model
        except ModelError:
            return False

    def _work(self) -> None:
        """Opens what is wanted until that is what is open; runs on the thread."""
        wanted: Wanted | None = None
        while not self._is_settled(wanted):
            wanted = self._wanted
            assert wanted is not None
            try:
                self._open(wanted)
            except AztoolkitError as error:
                self._say(" ".join(str(error).split()))
            except Exception as error:  # whatever a runtime raises; the engine must live on
                self._say(f"expected a network to open, got {type(error).__name__}: {error}")

    def _is_settled(self, opened: Wanted | None) -> bool:
        with self._changed:
            if opened != self._wanted:
                return False
            self._settled, self._thread = True, None
            self._changed.notify_all()
            return True

    def _open(self, wanted: Wanted) -> None:
        model = find_model(wanted.weights, wanted.precision)
        choice = choose_backend(model, wanted.backend, threads=wanted.threads)
        if choice.backend != "cpu" and (self._current is None or self._current.model != model):
            self._stand_in(model, wanted)
        evaluator = self._open_model(model, choice, wanted.threads)
        if wanted.precision not in ("auto", evaluator.spec.precision):
            evaluator.close()
            raise ModelError(
                f"expected a model in {wanted.precision}, got one in {evaluator.spec.precision}: {model}"
            )
        batch = wanted.batch or _usual_batch(choice)
        self._publish(Network(model, evaluator, batch))
        self._say(f"{model.name} in {evaluator.spec.precision}, {choice}")

    def _stand_in(self, model: Path, wanted: Wanted) -> None:
        """Opens the model on the processor, to play until its own backend is ready."""
        choice = Choice("cpu", "until the other is ready", wanted.threads)
        try:
            evaluator = self._open_model(model, choice, wanted.threads)
        except AztoolkitError as error:
            self._say(f"no stand-in on the processor: {' '.join(str(error).split())}")
            return
        self._publish(Network(model, evaluator, wanted.batch or _SMALL_BATCH))
        self._say(f"{model.name} plays on the processor until its own backend is ready")

    def _publish(self, network: Network) -> None:
        with self._changed:
            if self._current is not None:
                self._retired.append(self._current)
            self._current = network
            self._changed.notify_all()


def _usual_batch(choice: Choice) -> int:
    return _SMALL_BATCH if choice.backend in ("cpu", "openvino") else _CARD_BATCH
