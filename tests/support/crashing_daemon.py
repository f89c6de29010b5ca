"""The daemon with a metric that fails at a physics step: ``python crashing_daemon.py PACKET_ID OPTIONS``."""

import sys
from typing import Any

import acbridge_daemon.cli
from acbridge.derived.deriver import Deriver


def main() -> None:
    last, *options = sys.argv[1:]
    tick = Deriver.tick

    def fail_at_last(self: Deriver, physics: Any, graphics: Any, static: Any) -> Any:
        if physics.packetId >= int(last):
            raise ZeroDivisionError("no such slip")
        return tick(self, physics, graphics, static)

    Deriver.tick = fail_at_last
    acbridge_daemon.cli.main(options, prog_name="acbridge-daemon")


if __name__ == "__main__":
    main()
