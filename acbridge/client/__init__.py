"""The subscriber's side: connect to a daemon, receive its frames, send it requests."""

from acbridge.client.bridge import Bridge, Sample, connect
from acbridge.client.mailbox import Trust
from acbridge.client.silence import Silence
from acbridge.client.subscription import FrameStream

__all__ = ["Bridge", "FrameStream", "Sample", "Silence", "Trust", "connect"]
