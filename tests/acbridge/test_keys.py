"""Key files: secret keys readable by their owner alone, none overwritten, and errors that say what to do."""
# zmq.auth leaves PathLike bare:
# pyright: reportUnknownMemberType=false

import os
import stat
import sys
from pathlib import Path

import pytest
import zmq
import zmq.auth

from acbridge import CurveMissing, KeyExists, KeyFileError, Keys, Role
from acbridge.keys import generate_client, generate_server, load_public, load_role, load_secret
from keyring import Keyring

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    ring = Keyring(tmp_path / "keys")
    ring.add("rig")
    return ring


def refusal(path: Path, load: str = "secret") -> str:
    with pytest.raises(KeyFileError) as caught:
        {"secret": load_secret, "public": load_public, "role": load_role}[load](path)
    assert path == caught.value.path
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pair_of_keys_is_written_into_the_directory_of_the_daemon(tmp_path: Path) -> None:
    keys = tmp_path / "a" / "keys"
    assert keys / "server.key" == generate_server(keys)
    assert keys / "rig.key_secret" == generate_client(keys, "rig", "observer")
    files = sorted(str(path.relative_to(keys)) for path in keys.rglob("*.*"))
    assert [os.path.join("clients", "rig.key"), "rig.key_secret", "server.key", "server.key_secret"] == files  # noqa: PTH118


def test_pyzmq_reads_what_we_write(ring: Keyring) -> None:
    public, secret = zmq.auth.load_certificate(ring.secret_file("rig"))
    assert secret is not None
    assert public == zmq.curve_public(secret)
    assert (public, None) == zmq.auth.load_certificate(ring.public_file("rig"))
    assert {public: True} == zmq.auth.load_certificates(ring.directory / "clients")


def test_we_read_what_pyzmq_writes(ring: Keyring, tmp_path: Path) -> None:
    public_file, secret_file = map(Path, zmq.auth.create_certificates(tmp_path, "other", {"role": "observer"}))
    secret_file.chmod(0o600)
    assert zmq.auth.load_certificate(secret_file) == load_secret(secret_file)
    assert load_secret(secret_file)[0] == load_public(public_file)
    assert (Role.OBSERVER, "observer") == load_role(secret_file)


def test_a_client_needs_its_secret_and_the_public_key_of_the_daemon(ring: Keyring) -> None:
    keys = Keys.load(ring.secret_file("rig"), ring.server)
    assert zmq.auth.load_certificate(ring.secret_file("rig")) == (keys.public, keys.secret)
    assert load_public(ring.server) == keys.server


def test_keys_do_not_show_their_secret(ring: Keyring) -> None:
    keys = Keys.load(ring.secret_file("rig"), ring.server)
    assert keys.secret.decode() not in repr(keys)
    assert keys.public.decode() in repr(keys)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_read_as_it_was_written(ring: Keyring, role: Role) -> None:
    ring.add("one", role)
    assert (role, role.value) == load_role(ring.public_file("one"))


def test_a_key_file_that_was_written_on_windows_is_read(ring: Keyring) -> None:
    path = ring.public_file("one")
    ring.add("one", Role.OBSERVER)
    path.write_bytes(b"\r\n".join(path.read_bytes().splitlines()))
    assert (Role.OBSERVER, "observer") == load_role(path)


def test_the_former_name_of_a_role_is_still_read(ring: Keyring) -> None:
    path = ring.public_file("rig")
    path.write_text(path.read_text().replace("operator", "driver"))
    assert (Role.OPERATOR, "driver") == load_role(path)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_secret_key_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        ring = Keyring(tmp_path / "keys")
        ring.add("rig")
    finally:
        os.umask(before)
    for path in (ring.secret_file("server"), ring.secret_file("rig")):
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o644])
def test_a_secret_key_that_others_may_read_is_refused_with_the_remedy(ring: Keyring, mode: int) -> None:
    path = ring.secret_file("rig")
    path.chmod(mode)
    assert f"chmod 600 {path}" in refusal(path)
    path.chmod(0o600)
    load_secret(path)


def test_a_key_is_never_overwritten(ring: Keyring) -> None:
    before = {path: path.read_bytes() for path in ring.directory.rglob("*.*")}
    with pytest.raises(KeyExists, match=r"server\.key"):
        generate_server(ring.directory)
    with pytest.raises(FileExistsError, match=r"rig\.key"):
        generate_client(ring.directory, "rig", "observer")
    ring.secret_file("rig").unlink()  # the secret was moved to the client's machine
    with pytest.raises(KeyExists, match=r"rig\.key"):
        generate_client(ring.directory, "rig", "observer")
    assert not ring.secret_file("rig").exists()
    assert {path: content for path, content in before.items() if path.name != "rig.key_secret"} == {
        path: path.read_bytes() for path in ring.directory.rglob("*.*")
    }


@pytest.mark.parametrize("name", ["", "server", "../rig", "a/b", "a.b", "-a", "a" * 33, "a b", "\u00fc", "a\n"])
def test_a_name_that_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyFileError, match="a client's name has"):
        generate_client(tmp_path, name, "operator")
    assert [] == list(tmp_path.rglob("*"))


def test_an_unknown_role_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="observer or operator, not 'admin'"):
        generate_client(tmp_path, "rig", "admin")
    assert [] == list(tmp_path.rglob("*"))


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileError, match="cannot be written"):
        generate_server(tmp_path / "file" / "keys")


def test_files_that_are_missing_or_the_wrong_ones_are_refused(ring: Keyring, tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "none.key_secret")
    assert "give rig.key_secret" in refusal(ring.public_file("rig"))
    assert "give rig.key" in refusal(ring.secret_file("rig"), "public")
    assert "names no role" in refusal(ring.server, "role")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no public-key"),
        (b"\xff\xfe\x00", "not text"),
        (b'public-key = "abc"\nsecret-key = "abc"\n', "damaged"),
        (b'public-key = "' + b"~" * 40 + b'"\nsecret-key = "' + b"a" * 40 + b'"\n', "damaged"),
        (b'public-key = "' + b"a" * 40 + b'"\nsecret-key = "' + b"b" * 40 + b'"\n', "do not belong together"),
        (b'public-key = "' + b"a" * 40 + b'"\n', "no secret key"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "x.key_secret"
    path.write_bytes(content)
    path.chmod(0o600)
    assert problem in refusal(path)


def test_without_curve_keys_raise_curve_missing(tmp_path: Path, ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def has(capability: str) -> bool:
        return False

    monkeypatch.setattr(zmq, "has", has)
    with pytest.raises(CurveMissing):
        generate_server(tmp_path / "new")
    with pytest.raises(CurveMissing):
        Keys.load(ring.secret_file("rig"), ring.server)
    assert not (tmp_path / "new").exists()
