"""
The relay: the daemon's frames over WebSocket (docs/reference/websocket.md).

`shapes`, `outbox`, `hub` and `access` know no socket and read no clock; `feed`, `session`, `relay` and `dial` touch the
machine; `site` is what a browser loads.
"""
