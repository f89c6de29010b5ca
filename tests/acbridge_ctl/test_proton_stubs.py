"""Page files for a page bridge: made once, for their owner alone, and never over an existing file."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from acbridge.pages import AC1, Static
from game import Game
from programs import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files are Linux's")

NAMES = [f"acpmf_{page.page_name}" for page in AC1.pages]


def proton_stubs(directory: Path, *arguments: str, **env: str) -> Program:
    with Program("acbridge_ctl", "proton-stubs", "--page-dir", str(directory), *arguments, env=env) as program:
        program.wait()
    assert "Traceback" not in "\n".join(program.err)
    return program


def state(directory: Path) -> dict[str, tuple[object, ...]]:
    """Return everything about the files of a directory that a program could change."""
    return {
        path.name: (found.st_ino, found.st_size, found.st_mode, found.st_uid, found.st_mtime_ns, found.st_ctime_ns)
        for path in directory.iterdir()
        for found in (path.lstat(),)
    }


def test_three_files_of_zeros_are_made_for_their_owner_alone(page_dir: Path) -> None:
    program = proton_stubs(page_dir)
    assert (0, []) == (program.process.returncode, program.err)
    assert [f"made {page_dir / name}, 2048 bytes, mode 0600" for name in NAMES] == program.out[:3]
    assert "Next, start the page bridge in the game's prefix, and then the game." == program.out[3]
    assert set(NAMES) == state(page_dir).keys()
    for name in NAMES:
        found = (page_dir / name).stat()
        assert (os.geteuid(), 0o600) == (found.st_uid, stat.S_IMODE(found.st_mode))
        assert bytes(2048) == (page_dir / name).read_bytes()
        assert found.st_blocks, "memory is promised and not taken"


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_the_umask_changes_nothing(page_dir: Path, umask: int) -> None:
    command = [sys.executable, "-m", "acbridge_ctl", "proton-stubs", "--page-dir", str(page_dir)]
    assert 0 == subprocess.run(command, umask=umask, capture_output=True, check=False, timeout=20).returncode
    assert [0o600] * 3 == [stat.S_IMODE((page_dir / name).stat().st_mode) for name in NAMES]


def test_made_twice_they_are_left_as_they_are(page_dir: Path) -> None:
    proton_stubs(page_dir)
    before = state(page_dir)
    program = proton_stubs(page_dir)
    assert 0 == program.process.returncode
    assert [f"already there: {page_dir / name}, 2048 bytes, mode 0600" for name in NAMES] == program.out[:3]
    assert "Next, " in program.out[3]
    assert before == state(page_dir)


def test_what_another_bridge_made_is_left_as_it_is_and_the_rest_is_made(page_dir: Path) -> None:
    (page_dir / "acpmf_physics").write_bytes(b"\1" * 4096)
    (page_dir / "acpmf_physics").chmod(0o644)
    (page_dir / "acpmf_static").write_bytes(bytes(Static.page_size))
    before = state(page_dir)
    program = proton_stubs(page_dir)
    assert f"already there: {page_dir}/acpmf_physics, 4096 bytes, mode 0644" == program.out[0]
    assert f"made {page_dir}/acpmf_graphics, 2048 bytes, mode 0600" == program.out[1]
    assert f"already there: {page_dir}/acpmf_static, 684 bytes" in program.out[2]
    assert before.items() <= state(page_dir).items()


def test_a_running_sim_is_reported_and_left_alone(game: Game) -> None:
    program = proton_stubs(game.directory)
    assert 0 == program.process.returncode
    assert "already there" in program.out[0]
    assert "The sim is running: packetId moved by " in program.out[3]


def refused(directory: Path) -> str:
    """Check that no file is made or changed, and return the error."""
    before = state(directory)
    program = proton_stubs(directory)
    assert (74, []) == (program.process.returncode, program.out)
    assert before == state(directory)
    (line,) = program.err
    assert line.endswith("; no file was made")
    return line


def test_a_file_that_is_too_small_is_in_the_way(page_dir: Path) -> None:
    (page_dir / "acpmf_static").write_bytes(bytes(100))
    assert f"{page_dir}/acpmf_static has 100 bytes, the page needs 684" in refused(page_dir)


@pytest.mark.parametrize("target", ["/etc/passwd", "nowhere", "acpmf_static"])
def test_a_link_is_in_the_way_wherever_it_leads(page_dir: Path, target: str) -> None:
    (page_dir / "acpmf_static").symlink_to(target)
    assert f"{page_dir}/acpmf_static is a link" in refused(page_dir)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_something_that_is_not_a_file_is_in_the_way(page_dir: Path, make: Callable[[Path], None]) -> None:
    make(page_dir / "acpmf_graphics")
    assert f"{page_dir}/acpmf_graphics is not a regular file" in refused(page_dir)


def test_a_file_that_its_owner_cannot_write_is_in_the_way(page_dir: Path) -> None:
    (page_dir / "acpmf_graphics").write_bytes(bytes(2048))
    (page_dir / "acpmf_graphics").chmod(0o400)
    assert f"{page_dir}/acpmf_graphics has mode 0400" in refused(page_dir)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_in_the_way(page_dir: Path) -> None:
    assert sys.platform != "win32"
    (page_dir / "acpmf_static").write_bytes(bytes(2048))
    os.chown(page_dir / "acpmf_static", 12345, -1)
    assert f"{page_dir}/acpmf_static belongs to another user (uid 12345)" in refused(page_dir)


def test_a_missing_directory_is_reported(tmp_path: Path) -> None:
    program = proton_stubs(tmp_path / "nowhere")
    assert 74 == program.process.returncode
    assert [
        f"acbridge-ctl: cannot make {tmp_path}/nowhere/acpmf_physics: No such file or directory; no file was made"
    ] == program.err


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_where_one_file_cannot_be_made_none_is(page_dir: Path, monkeypatch: pytest.MonkeyPatch, fails: int) -> None:
    assert sys.platform != "win32"
    from acbridge_ctl.proton_stubs import make_stubs

    allocate, calls = os.posix_fallocate, iter(range(1, 4))

    def full(handle: int, offset: int, size: int) -> None:
        if next(calls) == fails:
            raise OSError(28, "No space left on device")
        allocate(handle, offset, size)

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left on device") as raised:
        make_stubs(page_dir, "acpmf_")
    assert str(page_dir / NAMES[fails - 1]) == raised.value.filename
    assert {} == state(page_dir)


def test_the_options_and_the_environment_say_which_pages(page_dir: Path) -> None:
    assert 0 == proton_stubs(page_dir, "--page-prefix", "left_").process.returncode
    with Program(
        "acbridge_ctl", "proton-stubs", env={"ACBRIDGE_PAGE_DIR": str(page_dir), "ACBRIDGE_PAGE_PREFIX": "right_"}
    ) as program:
        assert 0 == program.wait()
    names = {f"{prefix}{page.page_name}" for prefix in ("left_", "right_") for page in AC1.pages}
    assert names == state(page_dir).keys()
