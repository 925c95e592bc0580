#!/usr/bin/env python3
"""Proof by faults: workers and their server are killed, paused and cut off while messages flow.

    benches/nats_faults.py [--messages N] [--kills N] [--seed N] [--record] [--program P] [--dist DIR]

Three `pipeline work` share a work queue of a nats-server of their own, with file storage. While they
work: one of them is killed (SIGKILL) at random places, the server is restarted twice, a worker is
stopped (SIGSTOP) for longer than its ack wait, and the network of another is cut for ten seconds.
Then every input must have exactly its outputs, none missing and none twice, byte for byte those of
one `pipeline run`, and each input that fails exactly one error. Needs `nats-server` and the package
`nats-py`: `cargo xtask faults nats` has both. Exit code 1 where something is missing, doubled or
different; --record writes benches/results/nats-faults-<date>.json.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faults
import nats
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

ROOT = Path(__file__).resolve().parents[1]

STREAM = "faults"
OUTPUTS = "faults-outputs"
ACK_WAIT = 5
PAUSE = 3 * ACK_WAIT
CUT = 10
WORKERS = 3


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A nats-server with file storage."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.monitor = free_port()
        self.folder = folder
        self.url = f"nats://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        store = str(self.folder / "store")
        command = ["nats-server", "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", store]
        command += ["-m", str(self.monitor)]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        raise RuntimeError("nats-server does not start")

    async def restart(self) -> None:
        self.process.terminate()
        await asyncio.to_thread(self.process.wait)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.start)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


class Network:
    """A connection that can be cut: what is sent arrives nowhere, and nobody is told."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.port = 0
        self.whole = asyncio.Event()
        self.whole.set()

    async def listen(self) -> None:
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.whole.wait()
            there = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.close()
            return
        ways = [self.pass_on(reader, there[1]), self.pass_on(there[0], writer)]
        # At the end of it all what is still connected is cancelled.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*ways)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(1 << 16):
                await self.whole.wait()
                writer.write(some)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def cut(self, seconds: float) -> None:
        self.whole.clear()
        await asyncio.sleep(seconds)
        self.whole.set()


class Worker:
    """A `pipeline work`."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.start()

    def start(self) -> None:
        log = self.log.open("ab")
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.start()


class Proof:
    """The whole of it."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self.arguments = arguments
        self.folder = folder
        self.random = random.Random(arguments.seed)
        self.faults: list[dict[str, Any]] = []

    def note(self, what: str, done: int) -> None:
        self.faults.append({"fault": what, "at_outputs": done})
        print(f"{done:>8} outputs: {what}", flush=True)

    async def connect(self, url: str) -> nats.NATS:
        async def quiet(_: Exception) -> None:
            """The server is restarted on purpose."""

        return await nats.connect(
            url, max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=quiet
        )

    async def publish(self, url: str) -> None:
        """Sends all messages, each stored once."""
        client = await self.connect(url)
        stream = client.jetstream(timeout=5)

        async def one(number: int) -> None:
            while True:
                with contextlib.suppress(NatsError, asyncio.TimeoutError, OSError):
                    headers = {"Nats-Msg-Id": str(number)}
                    await stream.publish(STREAM, faults.item(number), headers=headers)
                    return
                await asyncio.sleep(0.3)

        for start in range(1, self.arguments.messages + 1, 200):
            end = min(start + 200, self.arguments.messages + 1)
            await asyncio.gather(*(one(number) for number in range(start, end)))
        await client.close()

    async def run(self) -> dict[str, Any]:
        arguments = self.arguments
        self.environment = faults.prepare(self.folder, arguments.program, arguments.dist)
        server = Server(self.folder)
        network = Network(server.port)
        await network.listen()
        workers: list[Worker] = []
        try:
            start = time.monotonic()
            for number in range(WORKERS):
                # The last one is behind the network that is cut.
                port = network.port if number == WORKERS - 1 else server.port
                command = [str(arguments.program), "work", str(self.folder / "m.json")]
                command += ["--nodes", str(self.folder / "nodes"), "--stream", STREAM]
                command += ["--consumer", "worker", "--nats", f"nats://127.0.0.1:{port}"]
                command += ["--create", "--ack-wait", str(ACK_WAIT), "--timeout", "10"]
                command += ["--concurrency", "1"]
                workers.append(
                    Worker(command, self.environment, self.folder / f"worker-{number}.log")
                )
            client = await self.connect(server.url)
            await self.streams_are_there(client)
            publishing = asyncio.create_task(self.publish(server.url))
            await self.disturb(client, server, network, workers)
            await publishing
            await self.all_done(client)
            took = time.monotonic() - start
            record = await self.judge(client)
            record["seconds"] = round(took, 1)
            consumer = await client.jetstream().consumer_info(STREAM, "worker")
            assert consumer.delivered is not None
            record["deliveries"] = consumer.delivered.consumer_seq
            await client.close()
            codes = []
            for worker in workers:
                worker.process.terminate()
                # Not here: the network is this thread's.
                codes.append(await asyncio.to_thread(worker.process.wait, 60))
            record["exit_codes"] = codes
            record["right"] = record["right"] and codes == [0] * WORKERS
            return record
        finally:
            for worker in workers:
                worker.process.kill()
            server.stop()

    async def streams_are_there(self, client: nats.NATS) -> None:
        while True:
            with contextlib.suppress(NatsError, asyncio.TimeoutError):
                await client.jetstream().stream_info(OUTPUTS)
                await client.jetstream().consumer_info(STREAM, "worker")
                return
            await asyncio.sleep(0.2)

    async def count(self, client: nats.NATS, stream: str) -> int:
        while True:
            with contextlib.suppress(NatsError, asyncio.TimeoutError, OSError):
                info = await client.jetstream(timeout=5).stream_info(stream)
                return int(info.state.messages)
            await asyncio.sleep(0.5)

    async def disturb(
        self, client: nats.NATS, server: Server, network: Network, workers: list[Worker]
    ) -> None:
        """Does what is to be done when so many outputs are there."""
        outputs = sum(
            number % 4 if number % 97 else 1 for number in range(1, self.arguments.messages + 1)
        )

        def kill() -> None:
            self.random.choice(workers).kill()

        plan: list[tuple[float, str, Callable[[], Any]]] = [
            (self.random.uniform(0.02, 0.95), "a worker is killed", kill)
            for _ in range(self.arguments.kills)
        ]
        plan += [
            (0.15, f"a worker is stopped for {PAUSE} s", lambda: self.pause(workers[0])),
            (0.3, "the server is restarted", server.restart),
            (0.5, f"the network of a worker is cut for {CUT} s", lambda: network.cut(CUT)),
            (0.7, "the server is restarted", server.restart),
        ]
        background = []
        for share, what, act in sorted(plan, key=lambda step: step[0]):
            while (done := await self.count(client, OUTPUTS)) < share * outputs:
                await asyncio.sleep(0.1)
            self.note(what, done)
            if (running := act()) is not None:
                background.append(asyncio.create_task(running))
                if "server" in what:
                    await background[-1]
        await asyncio.gather(*background)

    async def pause(self, worker: Worker) -> None:
        process = worker.process
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(PAUSE)
        process.send_signal(signal.SIGCONT)

    async def all_done(self, client: nats.NATS) -> None:
        """Waits until the queue is empty, and a while for what comes late."""
        while await self.count(client, STREAM):
            await asyncio.sleep(0.5)
        await asyncio.sleep(2 * ACK_WAIT)

    async def judge(self, client: nats.NATS) -> dict[str, Any]:
        """Compares what is there with what should be."""
        stream = client.jetstream()
        total = await self.count(client, OUTPUTS)
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE, inactive_threshold=600
        )
        reader = await stream.pull_subscribe("", stream=OUTPUTS, config=config)
        got: dict[int, dict[int, bytes]] = defaultdict(dict)
        errors: Counter[int] = Counter()
        # Each input has one place in its stream.
        places: dict[int, set[str]] = defaultdict(set)
        doubled = wrong = read = 0
        while read < total:
            for message in await reader.fetch(min(1000, total - read), timeout=30):
                read += 1
                headers = message.headers or {}
                document = json.loads(message.data)
                if message.subject.endswith("-errors"):
                    number = json.loads(document["input"]["payload"])["number"]
                    errors[number] += 1
                    places[number].add(headers["Pipeline-Input"])
                    text = f"{number} is a multiple of 97"
                    wrong += text not in document["error"]["message"]
                    continue
                number = document["number"]
                places[number].add(headers["Pipeline-Input"])
                position = int(headers["Pipeline-Position"])
                doubled += position in got[number]
                wrong += int(headers["Pipeline-Outputs"]) != number % 4
                got[number][position] = message.data
        wrong += sum(len(found) != 1 for found in places.values())
        expected = await asyncio.to_thread(
            faults.expected,
            self.folder,
            self.arguments.program,
            self.environment,
            self.arguments.messages,
        )
        missing = different = 0
        for number in range(1, self.arguments.messages + 1):
            if number % 97 == 0:
                missing += errors[number] == 0
                doubled += max(errors[number] - 1, 0)
                different += bool(got[number])
                continue
            outputs = [output for _, output in sorted(got[number].items())]
            missing += max(len(expected[number]) - len(outputs), 0)
            different += outputs != expected[number]
            wrong += errors[number]
        return {
            "messages": self.arguments.messages,
            "outputs": total - sum(errors.values()),
            "errors": sum(errors.values()),
            "missing": missing,
            "doubled": doubled,
            "different": different,
            "wrong": wrong,
            "faults": self.faults,
            "right": not (missing or doubled or different or wrong),
        }


def machine() -> dict[str, Any]:
    """Where it was measured."""
    version = subprocess.run(["nats-server", "--version"], capture_output=True, text=True)
    return {**faults.machine(), "server": version.stdout.strip()}


@contextlib.contextmanager
def workspace(keep: Path | None) -> Iterator[Path]:
    """A folder that is gone afterwards, unless it is named."""
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write what came of it")
    parser.add_argument("--keep", type=Path, help="keep logs and storage in this new folder")
    parser.add_argument("--dist", type=Path, default=ROOT / "target/dist")
    parser.add_argument("--program", type=Path, help="the program [default: that of --dist]")
    arguments = parser.parse_args()
    arguments.dist = arguments.dist.resolve()
    arguments.program = (arguments.program or arguments.dist / "pipeline").resolve()
    with workspace(arguments.keep) as folder:
        record = {"machine": machine(), **asyncio.run(Proof(arguments, folder).run())}
    shown = {key: value for key, value in record.items() if key not in ("machine", "faults")}
    print(json.dumps(shown, indent=2))
    if arguments.record:
        date = record["machine"]["date"]
        path = ROOT / f"benches/results/nats-faults-{date}.json"
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(f"recorded in {path.relative_to(ROOT)}")
    return 0 if record["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
