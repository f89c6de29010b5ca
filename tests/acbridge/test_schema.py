"""Records and the table that they are: what they refuse, what they keep, and what is derived from the table."""

import json
import math
from types import GenericAlias, new_class
from typing import Any, ClassVar, cast, get_origin, get_type_hints

import pytest

from acbridge.derived import Event, EventKind
from acbridge.errors import DecodeError
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import ANY_LENGTH, Column, Record, Vec3, f64, flag, integer, string
from acbridge.status import Status
from acbridge.topics import TOPICS
from deriving import derive


class Weather(Record, topic="weather"):
    """
    The weather.

    More about it.
    """

    wind: float = f64("Wind speed.", unit="m/s")
    rain: float | None = f64("Rain; nil where none is measured.", unit="mm", nullable=True)
    gusts: Vec3 = f64("The last three gusts.", unit="m/s", shape=(3,), axes="first, second, third")
    clouds: int = integer("Clouds.")
    dry: bool = flag("No rain.")
    place: str = string("Where.")


VALUES: dict[str, Any] = {"wind": 3.5, "rain": None, "gusts": (1.0, 2.0, 3.0), "clouds": 7, "dry": True, "place": "Spa"}


def weather(**changes: Any) -> Weather:
    return Weather(**VALUES | changes)


def test_a_record_holds_its_values_in_the_order_of_the_table() -> None:
    record = weather()
    assert (3.5, None, (1.0, 2.0, 3.0)) == (record.wind, record.rain, record.gusts)
    assert list(VALUES.items()) == list(vars(Weather(**dict(reversed(VALUES.items())))).items())


def test_a_record_cannot_be_changed() -> None:
    record: Any = weather()
    with pytest.raises(AttributeError, match="immutable"):
        record.wind = 4.0
    with pytest.raises(AttributeError, match="immutable"):
        record.another = 4.0
    with pytest.raises(AttributeError, match="immutable"):
        del record.wind
    assert VALUES == vars(record)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, "clouds, dry, gusts, place, rain, wind"),
        ({name: value for name, value in VALUES.items() if name != "rain"}, "rain"),
        (VALUES | {"winds": 1.0}, "winds"),
    ],
)
def test_a_record_takes_exactly_its_columns(values: dict[str, Any], wrong: str) -> None:
    with pytest.raises(TypeError, match=f"Weather takes exactly its columns; missing or unknown: {wrong}$"):
        Weather(**values)


def test_records_are_equal_when_kind_and_values_are() -> None:
    class Copy(Record, topic="weather"):
        """Another class."""

    assert weather() == weather()
    assert weather() != weather(rain=0.0)
    assert weather() != Copy.adopt(dict(VALUES))
    assert weather() != VALUES


def test_a_record_is_no_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        {weather()}  # pyright: ignore[reportUnhashable, reportUnusedExpression]


def test_a_record_prints_its_values() -> None:
    expected = "Weather(wind=3.5, rain=None, gusts=(1.0, 2.0, 3.0), clouds=7, dry=True, place='Spa')"
    assert expected == repr(weather())


def test_adopting_keeps_what_the_table_does_not_know() -> None:
    record = Weather.adopt({**VALUES, "pollen": 12})
    assert 12 == vars(record)["pollen"]
    assert 3.5 == record.wind


@pytest.mark.parametrize("missing", VALUES)
def test_adopting_names_what_is_missing(missing: str) -> None:
    values = {name: value for name, value in VALUES.items() if name != missing}
    with pytest.raises(DecodeError, match=f"weather record lacks '{missing}'.*upgrade"):
        Weather.adopt(values)


def fingerprint(**columns: Any) -> str:
    """Return the fingerprint of a record class with such columns."""
    kind = cast("type[Record]", new_class("Other", (Record,), {"topic": "other"}, lambda body: body.update(columns)))
    return kind.fingerprint()


BASE = fingerprint(wind=f64("Wind speed.", unit="m/s"), rain=f64("Rain.", unit="mm"))


@pytest.mark.parametrize(
    "columns",
    [
        {"gale": f64("Wind speed.", unit="m/s"), "rain": f64("Rain.", unit="mm")},
        {"wind": integer("Wind speed.", unit="m/s"), "rain": f64("Rain.", unit="mm")},
        {"wind": f64("Wind speed.", unit="km/h"), "rain": f64("Rain.", unit="mm")},
        {"wind": f64("Wind speed.", unit="m/s", shape=(3,)), "rain": f64("Rain.", unit="mm")},
        {"wind": f64("Wind speed.", unit="m/s", nullable=True), "rain": f64("Rain.", unit="mm")},
        {"rain": f64("Rain.", unit="mm"), "wind": f64("Wind speed.", unit="m/s")},
        {"wind": f64("Wind speed.", unit="m/s")},
    ],
    ids=["name", "type", "unit", "shape", "nil", "order", "length"],
)
def test_a_fingerprint_changes_with_the_tables(columns: dict[str, Any]) -> None:
    assert fingerprint(**columns) != BASE


def test_a_fingerprint_does_not_change_with_the_wording() -> None:
    assert BASE == fingerprint(wind=f64("How it blows.", unit="m/s"), rain=f64("How it rains.", unit="mm"))


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    assert "861e789842742936" == Weather.fingerprint()


PYTHON_TYPES: dict[str, type] = {
    "int32": int,
    "int64": int,
    "float32": float,
    "float64": float,
    "bool": bool,
    "char16": str,
    "str": str,
}


def annotation(column: Column) -> Any:
    """Return the Python type that a column's values have."""
    kind: Any = PYTHON_TYPES[column.kind.name]
    flags = kind is bool and bool(column.shape)  # each of them may be absent
    kind = kind | None if flags and column.nullable else kind
    for size in () if column.is_text else reversed(column.shape):
        kind = GenericAlias(tuple, (kind, ...) if size == ANY_LENGTH else (kind,) * size)
    return kind | None if column.nullable and not flags else kind


@pytest.mark.parametrize("record", [topic.record for topic in TOPICS] + [Weather])
def test_annotations_say_what_the_columns_say(record: type[Record]) -> None:
    hints = {name: hint for name, hint in get_type_hints(record).items() if get_origin(hint) is not ClassVar}
    assert {column.name: annotation(column) for column in record.columns} == hints


def samples() -> list[Record]:
    """Return a record of every topic."""
    physics, graphics = Physics.from_page(bytes(Physics.page_size)), Graphics.from_page(bytes(Graphics.page_size))
    static = Static.from_page(bytes(Static.page_size))
    status: dict[str, Any] = dict.fromkeys((column.name for column in Status.columns), 1)
    status |= {
        "version": "1",
        "source": "sim",
        "sim_state": "live",
        "insecure": False,
        "sim_detail": None,
        "rate_kept": None,
        "controls_state": "free",
        "controls_backend": "sim",
        "controls_calibration": None,
    }
    holes: dict[str, Any] = vars(physics) | {"finalFF": math.nan, "accG": (math.inf, 0.0, -math.inf)}
    derived = derive(physics, graphics, static)
    lap = Event.of(EventKind.LAP_COMPLETED, sector_times_ms=(30_000, 31_002), tyre_grip_lost=(0.1,) * 4, valid=True)
    events = [lap, Event.of(EventKind.SPIN)]
    return [physics, graphics, static, derived, Status(**status), Physics(**holes), weather(), *events]


def to_json(value: object) -> Any:
    """Turn a value to JSON and back, with null for what JSON has no number for."""

    def plain(value: object) -> object:
        if isinstance(value, tuple):
            return [plain(inner) for inner in cast("tuple[object, ...]", value)]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.loads(json.dumps(plain(value), allow_nan=False))


JSON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
ABOUT = {"$schema", "title", "description", "additionalProperties"}


def faults(schema: dict[str, Any], value: Any, where: str = "") -> list[str]:
    """Return where a value breaks a JSON Schema, which may use only the few words known here."""
    unknown = schema.keys() - ABOUT - {"type", "properties", "required", "items", "minItems", "maxItems"}
    assert not unknown, unknown
    said: Any = schema["type"]
    allowed: set[str] = {said} if isinstance(said, str) else set(said)
    fits = {name for name, kinds in JSON_TYPES.items() if isinstance(value, kinds)}
    if not allowed & ({"boolean"} if isinstance(value, bool) else fits):
        return [f"{where}: {value!r} is not {allowed}"]
    found: list[str] = []
    if isinstance(value, dict):
        found += [f"{where}: no {name}" for name in schema["required"] if name not in value]
        for name, inner in schema["properties"].items():
            found += faults(inner, cast("dict[str, Any]", value).get(name), f"{where}.{name}")
    if isinstance(value, list):
        items = cast("list[Any]", value)
        fewest, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        found += [] if fewest <= len(items) <= most else [f"{where}: {len(items)} items"]
        for item in items:
            found += faults(schema["items"], item, f"{where}[]")
    return found


@pytest.mark.parametrize("record", samples(), ids=lambda record: type(record).__name__)
def test_a_record_as_json_fits_its_schema(record: Record) -> None:
    schema = json.loads(json.dumps(record.json_schema()))
    assert [] == faults(schema, {name: to_json(value) for name, value in vars(record).items()})


@pytest.mark.parametrize(
    "changes",
    [
        {"wind": "strong"},
        {"wind": True},
        {"clouds": 1.5},
        {"clouds": None},
        {"gusts": [1.0, 2.0]},
        {"gusts": [1.0, 2.0, 3.0, 4.0]},
        {"gusts": [1.0, 2.0, "3"]},
        {"gusts": None},
        {"place": None},
        {"dry": 1},
    ],
    ids=str,
)
def test_a_schema_refuses_other_types(changes: dict[str, Any]) -> None:
    assert faults(Weather.json_schema(), {**VALUES, "gusts": [1.0, 2.0, 3.0], **changes})


def test_a_schema_says_what_the_table_says() -> None:
    schema = Weather.json_schema()
    assert ("Weather", "The weather.") == (schema["title"], schema["description"])
    assert list(VALUES) == schema["required"] == list(schema["properties"])
    assert "Wind speed. Unit: m/s." == schema["properties"]["wind"]["description"]
    assert "The last three gusts. [first, second, third] Unit: m/s." == schema["properties"]["gusts"]["description"]
