"""User instructions of a tick, of its parts and of a decoded frame; the same on a busy machine."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from bench import print_table
from instructions import count_each

if __name__ == "__main__":
    counted = count_each()
    rows = [[name, f"{count:.0f}", f"{count / counted['unpackb']:.2f}"] for name, count in counted.items()]
    print_table("User instructions, per turn", ["What", "Instructions, thousands", "/ unpackb"], rows)
