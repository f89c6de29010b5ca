"""
The relay: the daemon's frames over WebSocket (docs/reference/websocket.md).

`selection`, `encoded_frame`, `outbox`, `hub` and `access` open no socket and read no clock; `subscriber`, `session`,
`relay` and `dial` do; `site` holds the files of the dashboard.
"""
