"""
Parquet: wide columns, zstd with BYTE_STREAM_SPLIT, units and car in the metadata.

Needs pyarrow (extra ``parquet``), which is imported only here.
"""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from acbridge_recording.export.table import TableColumn, TableRow, columns

# It has no types of its own.
pa: Any = importlib.import_module("pyarrow")
pq: Any = importlib.import_module("pyarrow.parquet")

GROUP_ROWS = 3600
"""Rows of a row group: a minute at 60 Hz."""
_TEXT: Any = pa.dictionary(pa.int32(), pa.string())
_TYPES: dict[str, Any] = {"integer": pa.int64(), "boolean": pa.bool_(), "string": _TEXT}


def write_parquet(path: Path, table: Iterable[TableRow], facts: Mapping[str, Any]) -> int:
    """
    Write a table; return the number of rows. The file can be read only when it is whole.

    Args:
        path: The file.
        table: The rows.
        facts: What the file's metadata says under the key ``acbridge``.
    """
    known = columns()
    schema = _schema(known, facts)
    floats = ["t", *[column.name for column in known if column.kind == "number"]]
    texts = [column.name for column in known if column.kind == "string"]
    count = 0
    with pq.ParquetWriter(
        path, schema, compression="zstd", use_byte_stream_split=floats, use_dictionary=texts
    ) as writer:
        for rows in _groups(table):
            writer.write_table(_arrow(rows, known, schema))
            count += len(rows)
    return count


def _schema(known: list[TableColumn], facts: Mapping[str, Any]) -> Any:
    fields: list[Any] = [
        pa.field("timestamp", pa.timestamp("ns", tz="UTC")),
        pa.field("tick", pa.int64()),
        pa.field("t", pa.float64(), metadata={"unit": "s"}),
        pa.field("lap", pa.int32()),
    ]
    for column in known:
        kind = pa.float32() if column.single else _TYPES.get(column.kind, pa.float64())
        fields.append(pa.field(column.name, kind, metadata={"unit": column.unit} if column.unit else None))
    return pa.schema(fields, metadata={"acbridge": json.dumps(dict(facts))})


def _groups(table: Iterable[TableRow]) -> Iterator[list[TableRow]]:
    rows = iter(table)
    while group := list(islice(rows, GROUP_ROWS)):
        yield group


def _arrow(rows: list[TableRow], known: list[TableColumn], schema: Any) -> Any:
    arrays: list[Any] = [
        [round(row.timestamp * 1e6) * 1000 for row in rows],
        [row.tick for row in rows],
        [row.t for row in rows],
        [row.lap for row in rows],
        *[[column.read(row.values) for row in rows] for column in known],
    ]
    made: list[Any] = [pa.array(values, type=field.type) for values, field in zip(arrays, schema, strict=True)]
    return pa.Table.from_arrays(made, schema=schema)
