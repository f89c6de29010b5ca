"""The daemon: from shared memory to sockets."""
