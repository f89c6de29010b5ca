"""Taking another socket on the same port, which disconnects every peer at once and frees what libzmq kept for them."""

import time
from collections.abc import Callable

import zmq

from acbridge_daemon.sockets import BindError, bind

LONGEST_S = 2.0
"""Longest wait for the port to be free again; the kernel needs a millisecond."""


def rebind(endpoint: str, open_anew: Callable[[], "zmq.Socket[bytes]"]) -> None:
    """
    Bind a new socket to the endpoint of an old one.

    Args:
        endpoint: The endpoint of the old socket.
        open_anew: Closes the old socket and returns a new one.

    Raises:
        BindError: Another program took the port meanwhile, or the system gives no more sockets.
    """
    deadline = time.monotonic() + LONGEST_S
    while True:
        try:
            bind(open_anew(), endpoint)
        except (BindError, zmq.ZMQError) as error:
            if time.monotonic() > deadline:
                raise BindError(f"cannot use {endpoint} again: {error.strerror or error}") from error
            time.sleep(0.0005)
        else:
            return
