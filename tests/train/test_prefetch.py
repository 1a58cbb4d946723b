import threading
import time

import numpy as np
import pytest
import torch

from train.prefetch import Prefetcher, TensorBatch
from train.window import Batch

SIZE = 2


def fill(rng: np.random.Generator, batch: Batch) -> None:
    """Draws a batch that can be told from any other."""
    batch.planes[:] = rng.random(batch.planes.shape, dtype=np.float32)
    batch.policy[:] = rng.random(batch.policy.shape, dtype=np.float32)
    batch.legal[:] = batch.policy > 0.5
    batch.wdl[:] = rng.random(batch.wdl.shape, dtype=np.float32)


def prefetcher(rng: np.random.Generator, depth: int) -> Prefetcher:
    return Prefetcher(fill, rng, batch_size=SIZE, depth=depth)


def drawn(seed: int, count: int) -> list[TensorBatch]:
    rng = np.random.default_rng(seed)
    batches = [Batch.empty(SIZE) for _ in range(count)]
    for batch in batches:
        fill(rng, batch)
    return [TensorBatch.of(batch) for batch in batches]


def assert_same(one: TensorBatch, other: TensorBatch) -> None:
    for name in ("planes", "policy", "legal", "wdl"):
        assert torch.equal(getattr(one, name), getattr(other, name))


def prefetch_threads() -> int:
    return sum(thread.name == "prefetch" for thread in threading.enumerate())


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_batches_follow_from_the_generator(depth: int) -> None:
    with prefetcher(np.random.default_rng(4), depth) as batches:
        for expected in drawn(4, 6):
            assert_same(batches.take(), expected)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_the_generator_stands_behind_the_batches_taken(depth: int) -> None:
    rng = np.random.default_rng(4)
    with prefetcher(rng, depth) as batches:
        for _ in range(2):
            batches.take()
    with prefetcher(rng, 2) as batches:  # another depth: what had been built ahead is drawn again
        for expected in drawn(4, 5)[2:]:
            assert_same(batches.take(), expected)


def test_batches_are_built_ahead_but_no_more_than_asked_for() -> None:
    built = threading.Semaphore(0)

    def counted(rng: np.random.Generator, batch: Batch) -> None:
        fill(rng, batch)
        built.release()

    with Prefetcher(counted, np.random.default_rng(1), batch_size=SIZE, depth=2) as batches:
        for _ in range(3):  # two in waiting; the learner's own is still free
            assert built.acquire(timeout=10)
        assert not built.acquire(timeout=0.05)
        batches.take()
        assert not built.acquire(timeout=0.05)  # the learner is reading the first
        batches.take()
        assert built.acquire(timeout=10)


def test_a_batch_stays_until_the_next_is_taken() -> None:
    with prefetcher(np.random.default_rng(4), 1) as batches:
        batch = batches.take()
        time.sleep(0.05)
        assert_same(batch, drawn(4, 1)[0])


def test_an_error_in_the_thread_is_raised_where_batches_are_taken() -> None:
    def fail_at_the_third(rng: np.random.Generator, batch: Batch) -> None:
        fill(rng, batch)
        nonlocal made
        made += 1
        if made == 3:
            raise MemoryError("no room")

    made = 0
    with Prefetcher(
        fail_at_the_third, np.random.default_rng(4), batch_size=SIZE, depth=1
    ) as batches:
        for expected in drawn(4, 2):
            assert_same(batches.take(), expected)
        for _ in range(2):
            with pytest.raises(MemoryError, match="no room"):
                batches.take()
    assert prefetch_threads() == 0


def stop_after(taken: int) -> None:
    with prefetcher(np.random.default_rng(4), 2) as batches:
        for _ in range(taken):
            batches.take()
        assert prefetch_threads() == 1
        raise KeyError


@pytest.mark.parametrize("taken", [0, 1])
def test_the_thread_ends_with_the_block(taken: int) -> None:
    with pytest.raises(KeyError):
        stop_after(taken)
    assert prefetch_threads() == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_arrive_on_the_gpu_whole() -> None:
    rng = np.random.default_rng(4)
    with Prefetcher(fill, rng, batch_size=SIZE, depth=2, device="cuda") as batches:
        for expected in drawn(4, 20):
            assert_same(batches.take().to("cpu"), expected)
