"""Peers that misbehave, as programs of their own, and the memory of the daemon meanwhile."""

from pathlib import Path

from programs import Daemon

MEGABYTE = 1 << 20

SUBSCRIPTIONS = """
import os, socket, sys, time
ready = b"\\5READY\\x0bSocket-Type\\0\\0\\0\\3SUB"
greeting = b"\\xff" + bytes(8) + b"\\x7f\\3\\0NULL" + bytes(48) + b"\\4" + bytes([len(ready)]) + ready
flood = b"".join(b"\\0\\x33\\1" + os.urandom(50) for _ in range(100_000))
print("begins", flush=True)
end = time.monotonic() + float(sys.argv[2])
floods = 0
while time.monotonic() < end:
    floods += 1
    try:
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as peer:
            peer.sendall(greeting)
            while b"READY" not in peer.recv(4096):
                pass
            peer.sendall(flood)
            while peer.recv(65536):
                pass
    except OSError:
        pass
print("ended after", floods, flush=True)
"""
"""Subscribes to 100,000 topics of 50 bytes, and connects again as soon as it is cut, for some seconds."""

STRANGERS = """
import asyncio, sys
async def hold(port):
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened[0] += 1
            while await reader.read(4096):
                pass
            writer.close()
        except OSError:
            await asyncio.sleep(0.01)
async def main():
    port, many = map(int, sys.argv[1:])
    for _ in range(many):
        tasks.add(asyncio.create_task(hold(port)))
    while opened[0] < many:
        await asyncio.sleep(0.01)
    print("all there", flush=True)
    await asyncio.sleep(60)
opened, tasks = [0], set()
asyncio.run(main())
"""
"""Holds so many connections that say nothing, and opens each again as soon as it is closed."""

ENDLESS = """
import socket, sys, time
ready = b"\\5READY\\x0bSocket-Type\\0\\0\\0" + bytes([len(sys.argv[2])]) + sys.argv[2].encode()
greeting = b"\\xff" + bytes(8) + b"\\x7f\\3\\0NULL" + bytes(48) + b"\\4" + bytes([len(ready)]) + ready
part = bytes([1, int(sys.argv[3])]) + b"x" * int(sys.argv[3])
sent = 0
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as peer:
    peer.sendall(greeting)
    while b"READY" not in peer.recv(4096):
        pass
    try:
        while True:
            peer.sendall(part * 10_000)
            sent += len(part) * 10_000
    except OSError:
        print("cut after", sent, flush=True)
"""
"""Sends one message whose parts have no end, until its connection is closed."""


def resident(daemon: Daemon) -> int:
    """Return the memory that a daemon uses, in bytes."""
    for line in Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the daemon is gone")
