"""What a program printed is named for what it is: no rate, no unit and no column is asked of it."""

import pytest

from powermeter.errors import DataError
from powermeter.importers import open_log
from powermeter.importers.job_logs import JOB, TRAINING, job_log

JOBS = {
    "levels behind a stamp in brackets": "[2025-01-15 10:00:{i:02d}] INFO Epoch {i} loss=0.{i} acc=0.9\n",
    "Python's logging": "2025-01-15 10:00:{i:02d},123 - root - INFO - done with {i}\n",
    "a stamp and a level": "2025-01-15 10:00:{i:02d} INFO loaded shard {i}\n",
    "Keras": "Epoch {i}/30 - loss: 0.{i} - accuracy: 0.9 - 3s\n",
    "a bar of progress": "{i}%|####      | {i}/30 [00:{i:02d}<00:30, 1.0it/s]\n",
    "a stamp and pairs": "2025-01-15T10:00:{i:02d}Z step={i} loss=0.{i}\n",
    "glog": "I0115 10:00:{i:02d}.123456 12345 trainer.cc:88] shard {i}\n",
    "syslog": "Jan 15 10:00:{i:02d} host python[123]: shard {i}\n",
}


def written(tmp_path, row, head=""):
    path = tmp_path / "job.log"
    path.write_text(head + "".join(row.format(i=i) for i in range(10, 40)))
    return path


@pytest.mark.parametrize("name", JOBS)
def test_what_a_job_printed_is_named(tmp_path, name):
    with pytest.raises(DataError, match="is what a program or a job printed"):
        open_log(written(tmp_path, JOBS[name]))


def test_a_table_of_losses_is_named(tmp_path):
    with pytest.raises(DataError, match="losses or scores"):
        open_log(written(tmp_path, "{i},0.{i},0.9\n", "epoch,loss,acc\n"))


@pytest.mark.parametrize(
    "row",
    [
        "[2025-01-15 10:00:{i:02d}] INFO power={i} W\n",
        "2025-01-15 10:00:{i:02d},123 - root - INFO - {i}.5 W\n",
        "Jan 15 10:00:{i:02d} host pi[1]: 4.9 V, {i} mA\n",
    ],
)
def test_messages_with_a_power_are_read(tmp_path, row):
    assert job_log(written(tmp_path, row).read_text().splitlines()) is None


@pytest.mark.parametrize(
    "lines",
    [
        ["epoch,time_s,value"] + [f"{i},{i},3" for i in range(9)],
        ["run,P1,loss"] + [f"{i},3,0.1" for i in range(9)],
        ["time,level,P1"] + [f"{i},INFO,3" for i in range(9)],
        ['{"level": "INFO", "value": 3}'] * 9,
        ["INFO started", "INFO done"],
        ["1 2 3"] * 9,
    ],
)
def test_a_table_or_a_few_lines_are_not(lines):
    assert job_log(lines) is None


def test_a_training_is_called_so_only_beside_nothing_electric():
    table = ["epoch,loss,acc", "1,0.5,0.9", "2,0.4,0.9"]
    assert job_log(table) == TRAINING
    assert (
        job_log([f"{line},{extra}" for line, extra in zip(table, ("gpu_power_W", 50, 60), strict=True)])
        is None
    )
    assert job_log(["INFO a", "INFO b", "INFO c", "INFO d", "x"]) == JOB
