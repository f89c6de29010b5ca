"""Records of which a test needs a few fields."""

from typing import Any, TypeVar

from acbridge.schema import Record

R = TypeVar("R", bound=Record)


def empty(kind: type[R], **changes: Any) -> R:
    """Return a record whose fields are nil, 0, false or empty, except these."""
    blank: dict[str, Any] = {"str": "", "bool": False}
    values: dict[str, Any] = {
        column.name: None if column.nullable else blank.get(column.type_name, 0) for column in kind.columns
    }
    return kind(**(values | changes))
