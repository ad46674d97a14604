"""Programs of every kind that mark events: run as `python workers.py KIND`; prints how many were begun."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import powermeter

PAUSE_S = 0.002
LIMIT_S = 80.0


def work(number: int, name: str = "work") -> int:
    """Mark one event."""
    with powermeter.event(name, n=number):
        time.sleep(PAUSE_S)
    return number


def function(name: str = "work") -> int:
    tracked = powermeter.track(name)(lambda: time.sleep(PAUSE_S))
    for _ in range(5):
        tracked()
    return 5


def generator(name: str = "work") -> int:
    @powermeter.track(name)
    def items():
        yield from range(3)

    for _ in range(5):
        list(items())
    return 5


def coroutine(name: str = "work") -> int:
    @powermeter.track(name)
    async def step():
        await asyncio.sleep(PAUSE_S)

    async def main():
        await asyncio.gather(*(step() for _ in range(5)))

    asyncio.run(main())
    return 5


def async_generator(name: str = "work") -> int:
    @powermeter.track(name)
    async def items():
        for item in range(3):
            await asyncio.sleep(0)
            yield item

    async def main():
        for _ in range(5):
            async for _ in items():
                await asyncio.sleep(0)

    asyncio.run(main())
    return 5


def thread(name: str = "work") -> int:
    threads = [threading.Thread(target=work, args=(i, name)) for i in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return 5


def task(name: str = "work") -> int:
    async def step():
        async with powermeter.event(name):
            await asyncio.sleep(PAUSE_S)

    async def main():
        await asyncio.gather(*(asyncio.create_task(step()) for _ in range(5)))

    asyncio.run(main())
    return 5


ONE_PROCESS = (function, generator, coroutine, async_generator, thread, task)
"""What needs no process of its own: each begins five events, under its own name where all run after each other."""


def one_process() -> int:
    return sum(kind(kind.__name__) for kind in ONE_PROCESS)


def _pool(method: str) -> int:
    with multiprocessing.get_context(method).Pool(2) as pool:  # ends in terminate()
        pool.map(work, range(6), chunksize=1)
    return 6


def fork() -> int:
    return _pool("fork")


def spawn() -> int:
    return _pool("spawn")


def forkserver() -> int:
    return _pool("forkserver")


def loky() -> int:
    from joblib import Parallel, delayed

    Parallel(n_jobs=2)(delayed(work)(i) for i in range(6))
    return 6


def persistent() -> int:
    """Workers that were started before and outlive it."""
    pool = POOLS[0]
    pool.map(work, range(6), chunksize=1)
    return 6


def greenlets() -> int:
    """Threads that are gevent's, of which one runs until it waits by gevent's means."""
    return thread()


def becomes_another() -> int:
    """Children that mark an event and become another program inside a second, which is listed as missing."""
    for _ in range(2):
        child = os.fork()
        if not child:
            with powermeter.event("work"):
                pass
            with powermeter.event("at exec"):
                os.execv(sys.executable, [sys.executable, "-c", MARK])
        os.waitpid(child, 0)
    return 4


def interpreters() -> int:
    """Interpreters of their own in this process, each of which loads the package anew."""
    made = importlib.import_module("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
    run = getattr(made, "run_string", None) or made.exec
    for _ in range(2):
        one = made.create()
        run(one, MARK)
        made.destroy(one)
    return work(1) + 2


def sys_exit_in_a_fork() -> int:
    for _ in range(3):
        child = os.fork()
        if not child:
            with powermeter.event("work"):
                pass
            sys.exit(0)
        os.waitpid(child, 0)
    return 3


def os_exit() -> int:
    for _ in range(3):
        child = os.fork()
        if not child:
            with powermeter.event("work"):
                pass
            os._exit(0)
        os.waitpid(child, 0)
    return 3


def kill() -> int:
    """Three children that have marked an event and are killed in their second, which is listed as missing."""
    for _ in range(3):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            with powermeter.event("work"):
                pass
            with powermeter.event("killed inside"):
                os.write(writing, b"x")
                time.sleep(60)
        os.read(reading, 1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return 3


def inside(writing: int) -> None:
    """Be inside an event for longer than anybody waits."""
    with powermeter.event("cut off"):
        os.write(writing, b"x")
        time.sleep(LIMIT_S)


def terminate() -> int:
    """A pool that is terminated while both of its workers are inside an event, which is listed as missing."""
    reading, writing = os.pipe()
    pool = multiprocessing.get_context("fork").Pool(2)
    pool.map(work, range(6), chunksize=1)
    pool.map_async(inside, [writing, writing], chunksize=1)
    for _ in range(2):
        os.read(reading, 1)
    pool.terminate()
    pool.join()
    return 6


class Items:
    """A data set whose items mark an event each."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, number: int) -> int:
        return work(number)


def loader() -> int:
    """The workers of torch's loader, which outlive an epoch."""
    from torch.utils.data import DataLoader

    made = DataLoader(Items(), num_workers=2, persistent_workers=True)
    for _ in range(2):
        list(made)
    return 12


MARK = """
import powermeter
with powermeter.event('work'): pass
"""
MARK_AND_WAIT = f"""{MARK}
import time
print('x', flush=True)
time.sleep(60)
"""


def sigterm() -> int:
    command = [sys.executable, "-c", MARK_AND_WAIT]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    for child in children:
        child.stdout.read(1)
        child.terminate()
        child.wait()
    return 2


def ray_actor() -> int:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)

    @ray.remote(num_cpus=1)
    class Actor:
        def work(self, number: int) -> int:
            return work(number)

    actors = [Actor.remote() for _ in range(2)]
    ray.get([actors[i % 2].work.remote(i) for i in range(6)], timeout=LIMIT_S)
    ray.shutdown()
    return 6


WEB = """
import powermeter

def app(environ, start_response):
    with powermeter.event("work"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]
"""


def gunicorn() -> int:
    """Two workers that were forked from a server which has loaded the application already."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "web.py").write_text(WEB)
        address = f"{folder}/socket"
        command = ["-m", "gunicorn", "--workers=2", "--preload", f"--bind=unix:{address}", "web:app"]
        server = subprocess.Popen([sys.executable, *command], cwd=folder, stderr=subprocess.DEVNULL)
        for _ in range(8):
            assert b"done" in ask(address, server)
        server.terminate()
        server.wait(LIMIT_S)
    return 8


def ask(address: str, server: subprocess.Popen) -> bytes:
    """Return what a server answers, once it listens."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(LIMIT_S)
                connection.connect(address)
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)


JOBS = """
import time
from celery import Celery
import powermeter

app = Celery("jobs", broker="filesystem://", backend="file://{folder}/results")
app.conf.broker_transport_options = {{
    "data_folder_in": "{folder}/queue", "data_folder_out": "{folder}/queue", "control_folder": "{folder}/control"
}}
app.conf.worker_hijack_root_logger = False

@app.task
def job(number):
    with powermeter.event("work", n=number):
        time.sleep(0.002)
    return number
"""


def celery() -> int:
    """Two workers of celery's own pool, by a broker of files."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("queue", "results"):
            (Path(folder) / name).mkdir()
        (Path(folder) / "jobs.py").write_text(JOBS.format(folder=folder))
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "jobs",
            "worker",
            "--concurrency=2",
            "--pool=prefork",
        ]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        worker = subprocess.Popen([*command, "--without-gossip", "--without-mingle"], cwd=folder, **quiet)
        sys.path.insert(0, folder)
        from jobs import job

        asked = [job.delay(i) for i in range(6)]
        assert [one.get(timeout=LIMIT_S) for one in asked] == list(range(6))
        worker.terminate()
        worker.wait(LIMIT_S)
    return 6


KINDS = {
    name: globals()[name]
    for name in (
        "one_process",
        "fork",
        "spawn",
        "forkserver",
        "loky",
        "persistent",
        "becomes_another",
        "interpreters",
        "sys_exit_in_a_fork",
        "os_exit",
        "kill",
        "terminate",
        "loader",
        "sigterm",
        "ray_actor",
        "gunicorn",
        "celery",
        "greenlets",
    )
}
POOLS: list = []


def main() -> None:
    kind, how, path = sys.argv[1:4]
    if kind == "persistent":
        POOLS.append(multiprocessing.get_context("fork").Pool(2))
        POOLS[0].map(abs, range(4))
    if kind == "greenlets":
        from gevent import monkey

        monkey.patch_all()
    around = contextlib.nullcontext()
    if how == "meter":
        around = powermeter.Meter("virtual://?rate=100Hz", path=path)
    with around:
        begun = KINDS[kind]()
    if how == "meter" and kind in ("persistent", "loky"):  # events between recordings go to none
        KINDS[kind]()
        second = powermeter.Meter("virtual://?rate=100Hz", path=path + ".second")
        with second:
            KINDS[kind]()
    print(begun, flush=True)
    for pool in POOLS:
        pool.terminate()


if __name__ == "__main__":
    main()
