from train.batching import BatchQueue, Part, size_of

TIMEOUT_S = 0.010
MANY = 100
"""Channels, so that there is always one that may still come."""


def queue_of(*counts: int, batch_size: int = 16) -> BatchQueue[str]:
    """Returns requests a, b, c, ... that arrived at 0 s, 1 s, 2 s, ..."""
    queue: BatchQueue[str] = BatchQueue(batch_size, TIMEOUT_S)
    for number, count in enumerate(counts):
        queue.put("abcdef"[number], count, arrived_s=float(number))
    return queue


def test_nothing_is_due_while_nothing_waits() -> None:
    assert queue_of().due_s(MANY) is None


def test_a_full_batch_goes_at_once() -> None:
    assert queue_of(8, 8).due_s(MANY) == 0.0


def test_a_quarter_goes_after_the_timeout() -> None:
    assert queue_of(4).due_s(MANY) == TIMEOUT_S
    assert queue_of(2, 2).due_s(MANY) == TIMEOUT_S  # from what has waited longest
    assert queue_of(15).due_s(MANY) == TIMEOUT_S


def test_anything_goes_after_twice_the_timeout() -> None:
    assert queue_of(3).due_s(MANY) == 2 * TIMEOUT_S
    assert queue_of(1).due_s(MANY) == 2 * TIMEOUT_S


def test_nobody_waits_for_what_cannot_come() -> None:
    assert queue_of(1, 1).due_s(3) == 2 * TIMEOUT_S
    assert queue_of(1, 1).due_s(2) == 0.0


def test_a_batch_takes_the_oldest_first_and_splits_what_does_not_fit() -> None:
    queue = queue_of(6, 6, 6)
    assert queue.take() == [Part("a", 0, 6, 0), Part("b", 0, 6, 6), Part("c", 0, 4, 12)]
    assert queue.waiting == 2
    assert queue.due_s(MANY) == 2.0 + 2 * TIMEOUT_S  # since c arrived
    assert queue.take() == [Part("c", 4, 2, 0)]
    assert queue.due_s(MANY) is None


def test_a_request_larger_than_a_batch_goes_in_several() -> None:
    queue = queue_of(40)
    batches = [queue.take() for _ in range(3)]
    assert [size_of(parts) for parts in batches] == [16, 16, 8]
    assert [parts[0].start for parts in batches] == [0, 16, 32]
    assert queue.waiting == 0
