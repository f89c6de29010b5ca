"""What the dashboard's own tables of words repeat from the library is equal to it."""

import json
import re

from acbridge.pages import AC1
from acbridge_sink.ws.site import DASHBOARD


def test_the_session_names_of_the_dashboard_are_those_of_the_library() -> None:
    script = (DASHBOARD / "text.js").read_text(encoding="utf-8")
    (names,) = re.findall(r"^const SESSIONS = (\[.*?\]);$", script, re.MULTILINE)
    assert [name.replace("_", " ") for name in AC1.sessions] == json.loads(names)
