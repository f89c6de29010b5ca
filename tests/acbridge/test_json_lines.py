"""JSON without nan and inf."""

import json
import math

from acbridge.json_lines import to_json


def test_inf_and_nan_become_null() -> None:
    values = {"a": math.nan, "b": [math.inf, 1.5], "c": ((-math.inf, 2.0), 3), "d": "nan", "e": None, "f": True}
    expected = {"a": None, "b": [None, 1.5], "c": [[None, 2.0], 3], "d": "nan", "e": None, "f": True}
    assert expected == json.loads(to_json(values))


def test_the_json_is_one_line_of_ascii_or_utf_8() -> None:
    assert b'{"text":"a\\nb \\u65e5"}' == to_json({"text": "a\nb 日"})
    assert '{"text":"a\\nb 日"}'.encode() == to_json({"text": "a\nb 日"}, ensure_ascii=False)
