"""Locks, events, conditions, semaphores, thread-locals, used by the one thread there is."""

import threading

INPUT = [1, 2, 3]


class Program:
    def process(self, item):
        lock, again, event = threading.Lock(), threading.RLock(), threading.Event()
        log = []
        with lock:
            log.append(["locked", lock.locked(), lock.acquire(blocking=False), lock.acquire(timeout=0.001)])
        with again, again:
            log.append(["reentrant", again.acquire(blocking=False)])
            again.release()
        log.append(["event", event.wait(0.001), event.is_set()])
        event.set()
        log.append(["event", event.wait(), event.is_set()])
        semaphore = threading.BoundedSemaphore(2)
        taken = [semaphore.acquire(blocking=False) for _ in item]
        semaphore.release()
        semaphore.release()
        try:
            semaphore.release()
        except ValueError as error:
            log.append(["semaphore", type(error).__name__])
        local = threading.local()
        local.value = sum(item)
        condition = threading.Condition()
        with condition:
            log.append(["condition", condition.wait(0.001), condition.wait_for(lambda: True)])
            condition.notify_all()
        try:
            lock.release()
        except RuntimeError as error:
            log.append(["release", type(error).__name__])
        thread = threading.Thread(target=print, name="never started", daemon=True)
        return {
            "log": log,
            "taken": taken,
            "local": [local.value, hasattr(threading.local(), "value")],
            "main": [threading.current_thread() is threading.main_thread() or threading.active_count() >= 1],
            "thread": [thread.name, thread.daemon, thread.is_alive(), thread.ident],
            "barrier": threading.Barrier(3).parties,
        }
