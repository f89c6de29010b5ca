"""Making keys; what they are is tested where they are made."""

from pathlib import Path

from programs import Program


def keygen(*arguments: str) -> Program:
    with Program("acbridge_ctl", "keygen", *arguments) as program:
        program.wait()
        assert "Traceback" not in "\n".join(program.err)
        return program


def test_the_daemons_and_a_clients_keys_are_made_where_they_are_wanted(tmp_path: Path) -> None:
    for command in (("server",), ("client", "laptop", "--role", "observer")):
        program = keygen(*command, "--directory", str(tmp_path / "keys"))
        assert (0, []) == (program.process.returncode, program.err)
        line, _ = program.out
        assert Path(line).exists()
        assert Path(line).is_relative_to(tmp_path / "keys")


def test_an_unknown_role_is_a_bad_option(tmp_path: Path) -> None:
    program = keygen("client", "laptop", "--role", "emperor", "--directory", str(tmp_path))
    assert 2 == program.process.returncode
    assert program.err[-1].startswith("Error: ")


def test_a_directory_that_cannot_be_written_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    program = keygen("server", "--directory", str(tmp_path / "file" / "keys"))
    assert 74 == program.process.returncode
    assert "cannot be written: Not a directory" in program.err[-1]


def test_a_full_disk_ends_with_one_line_and_leaves_no_file(tmp_path: Path) -> None:
    full = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "from acbridge_ctl.cli import main; main(prog_name='acbridge-ctl')"
    )
    for _ in range(2):
        with Program("-c", full, "keygen", "server", "--directory", str(tmp_path / "keys")) as program:
            assert 74 == program.wait()
        assert "cannot be written: File too large" in program.err[-1]
        assert [] == list((tmp_path / "keys").iterdir())


def test_the_next_step_fits_the_keys_that_there_are(tmp_path: Path) -> None:
    def advice(name: str, role: str) -> str:
        program = keygen("client", name, "--role", role, "--directory", str(tmp_path))
        assert 0 == program.process.returncode
        return program.out[-1]

    assert "Then make the daemon's keys" in advice("first", "operator")
    assert 0 == keygen("server", "--directory", str(tmp_path)).process.returncode
    assert f"Start the daemon with --keys {tmp_path}. If it runs already, send it SIGHUP, or use" in advice(
        "b", "observer"
    )
    (tmp_path / "clients" / "first.key").unlink()
    assert advice("alone", "operator").endswith("If it runs already, send it SIGHUP.")
