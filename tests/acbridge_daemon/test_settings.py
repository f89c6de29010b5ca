"""Settings that cannot work are refused with advice; the others are accepted unchanged."""

import math
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from acbridge_daemon.cli import main
from acbridge_daemon.replay import ReplayOptions
from acbridge_daemon.settings import Settings, SettingsError


def settings(**changes: Any) -> Settings:
    """Return settings that need no page files."""
    values: dict[str, Any] = {"source": "sim"} | changes
    return Settings(**values)


def refusal(**changes: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    return str(caught.value)


@pytest.mark.parametrize("rate", [0.0, 0.999, 1000.001, -1.0, 1e9, math.nan, math.inf, -math.inf])
def test_a_rate_that_cannot_be_kept_is_refused_with_the_range(rate: float) -> None:
    assert "1 to 1000" in refusal(rate=rate)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    assert "speed must be a number above 0" in refusal(source="recording", replay=ReplayOptions(Path("a"), speed))


@pytest.mark.parametrize("rate", [1.0, 59.94, 333.0, 1000.0])
def test_a_rate_in_the_range_is_accepted(rate: float) -> None:
    assert rate == settings(rate=rate).rate


def test_an_unknown_car_is_refused_with_the_nearest_and_a_car_needs_the_stand_in() -> None:
    assert "there is no car 'gt33'; did you mean 'gt3'?" == refusal(car="gt33")
    assert "--source sim" in refusal(car="gt3", source="live")
    assert "gt3" == settings(car="gt3").car


@pytest.mark.parametrize("port", [-1, 65535, 70000])
def test_a_port_without_a_next_one_is_refused_with_the_range(port: int) -> None:
    text = refusal(port=port)
    assert "1 to 65534" in text
    assert str(port) in text


@pytest.mark.parametrize("port", [0, 1, 5555, 65534])
def test_a_port_with_a_next_one_is_accepted(port: int) -> None:
    assert port == settings(port=port).port


@pytest.mark.parametrize("insecure", [False, True])
@pytest.mark.parametrize("bind", ["nosuchhost", "", "127.0.0.1:5555", "[::1]", "256.0.0.1", "tcp://127.0.0.1"])
def test_a_bind_that_is_no_address_is_refused_with_an_example(bind: str, insecure: bool) -> None:
    text = refusal(bind=bind, insecure=insecure)
    assert "such as 127.0.0.1" in text
    assert repr(bind) in text


@pytest.mark.parametrize("bind", ["0.0.0.0", "*", "::", "192.168.1.5", "2001:db8::5"])
def test_an_address_that_others_reach_is_refused_with_the_remedy(bind: str) -> None:
    text = refusal(bind=bind)
    assert text.startswith(f"{bind} can be reached from other machines")
    assert "--insecure" in text
    assert "--keys DIR" in text
    assert "127.0.0.1" in text


def test_an_address_that_others_reach_is_accepted_with_keys(tmp_path: Path) -> None:
    assert "0.0.0.0" == settings(bind="0.0.0.0", keys=tmp_path).host


@pytest.mark.parametrize(
    ("bind", "host"),
    [("0.0.0.0", "0.0.0.0"), ("*", "0.0.0.0"), ("::", "[::]"), ("192.168.1.5", "192.168.1.5")],
)
def test_an_address_that_others_reach_is_accepted_when_declared_insecure(bind: str, host: str) -> None:
    assert host == settings(bind=bind, insecure=True).host


@pytest.mark.parametrize(
    ("bind", "host"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "[::1]"), ("127.0.0.2", "127.0.0.2")],
)
def test_an_address_of_this_machine_only_is_accepted(bind: str, host: str) -> None:
    assert host == settings(bind=bind).host


@pytest.mark.parametrize("prefix", ["../acpmf_", "dir/acpmf_", "a\\b", "a\0b"])
def test_a_page_prefix_that_leads_elsewhere_is_refused(prefix: str) -> None:
    assert "without / or \\" in refusal(page_prefix=prefix)


@pytest.mark.parametrize("prefix", ["x" * 33, "rig\n7."])
def test_a_topic_prefix_that_no_topic_can_begin_with_is_refused_with_the_limit(prefix: str) -> None:
    assert "at most 32 bytes" in refusal(topic_prefix=prefix)


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    assert "live, sim" in refusal(source="replay")


def test_a_page_dir_that_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    assert str(missing) in refusal(source="live", page_dir=missing)


def test_a_page_dir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is not a directory" in refusal(source="live", page_dir=tmp_path / "file")


def test_a_page_dir_does_not_matter_to_the_stand_in(tmp_path: Path) -> None:
    assert "sim" == settings(page_dir=tmp_path / "nowhere").source


def test_an_error_of_settings_is_a_value_error() -> None:
    assert issubclass(SettingsError, ValueError)


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_settings_cannot_be_changed(name: str) -> None:
    frozen = settings()
    with pytest.raises(FrozenInstanceError):
        setattr(frozen, name, getattr(frozen, name))


def test_defaults_serve_this_machine_only_and_publish_no_names(tmp_path: Path) -> None:
    default = Settings(page_dir=tmp_path)
    assert ("127.0.0.1", 5555, 60.0, "live", "acpmf_") == (
        default.host,
        default.port,
        default.rate,
        default.source,
        default.page_prefix,
    )
    assert not any((default.names, default.allow_shutdown, default.insecure))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("show",), "'show' is taken as a recording to replay: add --source recording, or leave it out"),
        (("--source", "recording"), "--source recording needs a FILE or a directory"),
    ],
    ids=str,
)
def test_a_recording_without_its_source_and_a_source_without_its_recording(options: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, [*options, "--page-dir", ".", "--check"])
    assert (2, f"Error: {said}") == (result.exit_code, result.stderr.splitlines()[-1])


def test_a_check_makes_no_directory(tmp_path: Path) -> None:
    target = tmp_path / "drives" / "today"
    result = CliRunner().invoke(main, ["--source", "sim", "--record", f"{target}/", "--rotate-laps", "1", "--check"])
    assert (0, "", []) == (result.exit_code, result.stderr, list(tmp_path.iterdir()))
