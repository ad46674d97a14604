"""Origins: a real SSH server on a loopback port, fsspec's own file systems; hosts that do not answer."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import outside
import pytest
from class_of_forty import record

from powermeter.errors import ConfigurationError, OpenError
from powermeter.fleet.origins import Folder, ObjectStore, SshHost, origin_of


def take(origin: str, dataset: Path, options: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    outside.need("pyarrow")
    from powermeter.fleet.collect import collect
    from powermeter.fleet.dataset import Dataset

    return collect(origin_of(origin, options), Dataset(dataset), "none")


def test_what_is_typed_names_an_origin(tmp_path: Path) -> None:
    assert origin_of(str(tmp_path)) == Folder(tmp_path)
    assert origin_of("pi@pi-07:/var/power") == SshHost("pi@pi-07", "/var/power")
    assert origin_of("ssh://pi-07:2222/var/power") == SshHost("pi-07", "/var/power", "2222")
    assert origin_of("s3://key:secret@bucket/power").name == "s3://bucket/power"
    for text in ("ssh://-oProxyCommand=x/y", "ssh://host", "ssh://host:x/y"):
        with pytest.raises(ConfigurationError):
            origin_of(text)


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_object_stores_through_fsspec(tmp_path: Path, scheme: str) -> None:
    outside.need("fsspec")
    import fsspec

    path = record(tmp_path / "a.power", "", 1)
    record(tmp_path / "killed.power", "", 2, close=False)
    system = fsspec.filesystem(scheme)
    root = f"{tmp_path}/store" if scheme == "file" else "/store"
    system.makedirs(f"{root}/deep", exist_ok=True)
    for name in sorted(one.name for one in tmp_path.iterdir()):
        if ".power" in name and not name.endswith("-shm"):
            system.put_file(str(tmp_path / name), f"{root}/deep/{name}")
    found = take(f"{scheme}://{root}", tmp_path / "ds")
    assert set(found.added) == {"deep/a.power", "deep/killed.power"} and path.exists()
    assert not take(f"{scheme}://{root}", tmp_path / "ds").added


@pytest.mark.thorough
def test_a_bucket_of_a_stand_in_for_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside.need("fsspec", "s3fs", "moto")
    import fsspec
    from moto.server import ThreadedMotoServer

    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("power")
        system.put_file(str(record(tmp_path / "a.power", "", 1)), "power/lab/a.power")
        assert take("s3://power/lab", tmp_path / "ds").added == ["a.power"]
        assert not take("s3://power/lab", tmp_path / "ds").added
        with pytest.raises(OpenError):
            origin_of("s3://no-such-bucket-here/x").files()
    finally:
        server.stop()


def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    outside.need("fsspec")
    with pytest.raises((ConfigurationError, OpenError)):
        ObjectStore("nosuch://x").files()
    with pytest.raises((ConfigurationError, OpenError)):
        ObjectStore(f"zip://x::file://{tmp_path}/none.zip").files()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """An SSH server on a loopback port, with keys made on the spot; ended by its own id."""
    sshd = outside.program("sshd")
    outside.need("ssh")
    keygen = shutil.which("ssh-keygen")
    assert keygen
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copyfile(folder / "user.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nPermitRootLogin yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    running = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL)
    options = (
        "-F/dev/null",
        f"-i{folder}/user",
        "-oStrictHostKeyChecking=no",
        f"-oUserKnownHostsFile={folder}/known",
    )
    try:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield "127.0.0.1", port, options
    finally:
        running.terminate()
        running.wait(100)


@pytest.mark.thorough
def test_a_host_by_ssh(server: tuple[str, int, tuple[str, ...]], tmp_path: Path) -> None:
    host, port, options = server
    folder = tmp_path / "it's here; rm -rf $HOME"
    record(folder / "one day" / "a.power", "", 1)
    record(folder / "killed.power", "", 2, close=False)
    url = f"ssh://{host}:{port}/{folder}"
    found = take(url, tmp_path / "ds", options)
    assert set(found.added) == {"one day/a.power", "killed.power"} and not found.left
    assert not take(url, tmp_path / "ds", options).added


@pytest.mark.thorough
def test_a_host_that_refuses_or_has_no_such_folder_is_named(
    server: tuple[str, int, tuple[str, ...]], tmp_path: Path
) -> None:
    host, port, options = server
    with pytest.raises(OpenError, match=r"nowhere|No such"):
        take(f"ssh://{host}:{port}/nowhere", tmp_path / "ds", options)
    with pytest.raises(OpenError):
        take(f"ssh://{host}:1/{tmp_path}", tmp_path / "ds", options)
