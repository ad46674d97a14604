"""The recording under its name: there, gone, replaced, and what it is called then."""

from __future__ import annotations

from powermeter.recorder.watched_file import WatchedFile


def test_what_becomes_of_a_file(tmp_path):
    path = tmp_path / "run.power"
    path.write_text("a")
    watched = WatchedFile(path)
    assert watched.check() == ""
    path.rename(tmp_path / "other")
    assert "deleted or moved" in watched.check()
    path.write_text("b")
    assert "replaced" in watched.check()
    path.unlink()
    (tmp_path / "other").rename(path)
    assert watched.check() == "", "it is back"


def test_the_name_of_what_is_saved_is_free(tmp_path):
    watched = WatchedFile(tmp_path / "run.power")
    assert watched.free_name() == tmp_path / "run-recovered.power"
    (tmp_path / "run-recovered.power").symlink_to("nowhere")
    assert watched.free_name() == tmp_path / "run-recovered-2.power", "a link is a name that is taken"


def test_a_folder_that_could_not_be_written_to_is_passed_over(tmp_path):
    watched = WatchedFile(tmp_path / "folder" / "run.power")
    (tmp_path / "folder").mkdir()
    watched.avoid(tmp_path / "folder")
    assert watched.free_name() == tmp_path / "run-recovered.power"
