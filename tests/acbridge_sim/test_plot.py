"""`acbridge-sim --plot` draws a lap, or says what it lacks."""

from pathlib import Path

from programs import Program


def test_a_lap_is_drawn_as_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "lap.png"
    with Program("acbridge_sim", "--layout", "oval", "--plot", str(path)) as program:
        assert 0 == program.wait(60)
        assert "one lap of acbridge_park oval in 44." in program.err[-1]
    picture = path.read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert (1600, 900) == (int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big"))


def test_without_matplotlib_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError(name='matplotlib')")
    with Program("acbridge_sim", "--plot", "lap.png", env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path) as program:
        assert 78 == program.wait()
    assert ["acbridge-sim: --plot needs matplotlib: pip install 'acbridge[plot]'"] == program.err
