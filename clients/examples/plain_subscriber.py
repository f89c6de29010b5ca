"""Subscribe with pyzmq and msgpack alone: python plain_subscriber.py [HOST:PORT [FRAMES]]."""
# msgpack comes without types:
# pyright: basic

import os
import sys

import msgpack
import zmq
import zmq.auth

address = sys.argv[1] if sys.argv[1:] else "127.0.0.1:5555"
frames = int(sys.argv[2]) if sys.argv[2:] else sys.maxsize
socket = zmq.Context().socket(zmq.SUB)
if "ACBRIDGE_KEY" in os.environ:  # the daemon has keys: docs/guides/security.md
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(os.environ["ACBRIDGE_KEY"])
    socket.curve_serverkey, _ = zmq.auth.load_certificate(os.environ["ACBRIDGE_SERVER_KEY"])
socket.connect(f"tcp://{address}")
socket.subscribe("physics")
for _ in range(frames):
    _topic, payload = socket.recv_multipart()
    frame = msgpack.unpackb(payload)
    print(f"{frame['speedKmh']:.1f} km/h, gear {frame['gear'] - 1}", flush=True)  # -1 reverse, 0 neutral, 1 first
