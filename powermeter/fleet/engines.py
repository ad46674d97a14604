"""The engines that answer questions about a dataset: DuckDB inside this process, or Spark where it outgrows one machine.

Questions are written once, as Ibis expressions over the dataset's tables; an engine hands over the tables and brings back rows.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from powermeter.errors import ConfigurationError, DataError, NotInstalledError, OpenError, Reason
from powermeter.fleet import layout
from powermeter.fleet.dataset import NOTE, check_layout, require_arrow
from powermeter.fleet.snapshot import snapshot

if TYPE_CHECKING:
    import pyarrow

NAMES = ("duckdb", "spark")

_GONE = ("No such file", "No files found", "FileNotFoundException", "FILE_NOT_EXIST")
"""The messages of engines where a file that they were to read is not there any more."""


class Engine:
    """A dataset opened for questions.

    Attributes:
        folder: The dataset.
        name: `duckdb` or `spark`.
    """

    name = ""

    def __init__(self, folder: Path) -> None:
        if not (folder / NOTE).is_file():
            raise ConfigurationError(
                f"{folder} is not a dataset; make one with: powermeter collect FOLDER -o {folder}"
            )
        require_arrow()
        check_layout(folder)
        self.folder = folder
        self._snapshot = snapshot(folder)
        self._connection: Any = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what was started for it."""

    def table(self, name: str) -> Any:
        """Return a table of the dataset as an Ibis table; an empty one where nothing of it was collected."""
        if not self.has(name):
            return self._empty(name)
        return self._read(name)

    def has(self, name: str) -> bool:
        """Return whether anything of a table was collected."""
        return bool(self._snapshot.files(name) or self._snapshot.merged(name))

    def arrow(self, expression: Any) -> pyarrow.Table:
        """Return the rows of an expression as an Arrow table.

        Raises:
            DataError: A file went away meanwhile.
        """
        try:
            return self._connection.to_pyarrow(expression)
        except Exception as error:  # noqa: BLE001 – each engine has errors of its own
            raise self._named(error) from None

    def _named(self, error: Exception) -> Exception:
        """Return what an error means where a file went away; itself otherwise."""
        if any(word in str(error) for word in _GONE):
            return DataError(f"{self.folder}: files were merged or collected anew meanwhile; ask again")
        return error

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """Return the rows of an expression as plain values."""
        found: list[dict[str, Any]] = self.arrow(expression).to_pylist()
        return found

    def _read(self, name: str) -> Any:
        raise NotImplementedError

    def _empty(self, name: str) -> Any:
        import ibis

        return ibis.memtable(layout.merged_schema(name).empty_table())


class DuckDB(Engine):
    """DuckDB inside this process.

    Args:
        folder: The dataset.
        memory: The most that it may hold, for example `2GB`; its own choice otherwise.
        threads: How many it uses; all otherwise.
    """

    name = "duckdb"

    def __init__(self, folder: Path, memory: str | None = None, threads: int | None = None) -> None:
        super().__init__(folder)
        ibis = _ibis("duckdb")
        settings: dict[str, Any] = {}
        if memory:
            settings["memory_limit"] = memory
        if threads:
            settings["threads"] = threads
        self._connection = ibis.duckdb.connect(**settings)

    def _read(self, name: str) -> Any:
        own, merged = self._snapshot.files(name), self._snapshot.merged(name)
        parts = []
        if own:
            parts.append(
                self._connection.read_parquet(
                    [str(path) for path in own],
                    table_name=f"t_{name}",
                    hive_partitioning=True,
                    hive_types_autocast=False,
                )
            )
        if merged:
            table = self._connection.read_parquet(
                [str(path) for path in merged], table_name=f"m_{name}", hive_partitioning=False
            )
            hidden = self._snapshot.hidden(name)
            parts.append(table.filter(~table.recording.isin(hidden)) if hidden else table)
        return parts[0] if len(parts) == 1 else parts[0].union(parts[1].select(*parts[0].columns))

    def of_device(self, name: str, device: str) -> pyarrow.Table:
        """Return one device's rows of a table as Arrow; `device` as its partition is named."""
        columns = ", ".join(f'"{column.name}"' for column in layout.TABLES[name])
        own, merged = self._snapshot.files(name, device), self._snapshot.merged(name)
        asked: list[str] = []
        values: list[Any] = []
        if own:
            asked.append(f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false)")
            values.append([str(path) for path in own])
        if merged:
            asked.append(
                f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) "
                "WHERE device = ? AND NOT list_contains(?::VARCHAR[], recording)"
            )
            values += [[str(path) for path in merged], device, self._snapshot.hidden(name)]
        if not asked:
            return layout.arrow_schema(name).empty_table()
        try:
            return self._connection.con.sql(" UNION ALL ".join(asked), params=values).to_arrow_table()
        except Exception as error:  # noqa: BLE001 – as above
            raise self._named(error) from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.disconnect()


class Spark(Engine):
    """A Spark session of its own.

    Args:
        folder: The dataset, under one path on every worker.
        master: `local[2]`, `local-cluster[2,1,1024]`, `spark://HOST:7077`, `yarn` …

    Raises:
        OpenError: The master cannot be reached, or Java is missing.
    """

    name = "spark"

    def __init__(self, folder: Path, master: str = "local[*]") -> None:
        super().__init__(folder)
        _check_master(master)
        ibis = _ibis("pyspark")
        self.session = _session(master)
        self._connection = ibis.pyspark.connect(self.session)

    def _read(self, name: str) -> Any:
        self.frame(name).createOrReplaceTempView(f"t_{name}")
        return self._connection.table(f"t_{name}")

    def frame(self, name: str) -> Any:
        """Return a table as a Spark data frame."""
        own, merged = self._snapshot.files(name), self._snapshot.merged(name)
        parts = []
        if own:
            reader = self.session.read.option("basePath", str(self.folder.absolute() / name))
            parts.append(reader.parquet(*(str(path.absolute()) for path in own)))
        if merged:
            found = self.session.read.parquet(*(str(path.absolute()) for path in merged))
            hidden = self._snapshot.hidden(name)
            parts.append(found.filter(~found.recording.isin(hidden)) if hidden else found)
        return parts[0] if len(parts) == 1 else parts[0].unionByName(parts[1])

    def close(self) -> None:
        """Stop the session and the workers it started."""
        self.session.stop()


def engine_of(name: str, folder: Path, *, master: str | None = None, memory: str | None = None) -> Engine:
    """Return the engine of a name, its dataset open.

    Raises:
        ConfigurationError: There is no such engine, or no such dataset.
        NotInstalledError: It is not installed; the message names the extra.
        OpenError: The master cannot be reached.
    """
    if name == "duckdb":
        if master is not None:
            raise ConfigurationError("--master is for --engine spark")
        return DuckDB(folder, memory)
    if name == "spark":
        return Spark(folder, master or "local[*]")
    raise ConfigurationError(f"no engine {name!r}; there are {', '.join(NAMES)}")


_EXTRA: Mapping[str, str] = {"duckdb": "fleet", "pyspark": "spark"}


def _ibis(backend: str) -> Any:
    try:
        import ibis

        getattr(ibis, backend)
    except (ImportError, AttributeError) as error:
        missing = getattr(error, "name", None) or str(error)
        raise NotInstalledError(
            f"asking a fleet needs ibis and {backend} ({missing} is missing); run: pip install 'powermeter[{_EXTRA[backend]}]'"
        ) from None
    return ibis


def _check_master(master: str) -> None:
    """Refuse a master that nobody answers at: Spark itself would try for minutes.

    Raises:
        OpenError: None of its addresses can be reached.
    """
    if not master.startswith("spark://"):
        if master.split("[")[0] not in ("local", "local-cluster", "yarn") and not master.startswith("k8s://"):
            raise ConfigurationError(
                f"--master {master!r}: write local[2], spark://HOST:7077, yarn or k8s://…"
            )
        return
    reasons = []
    for address in master.removeprefix("spark://").split(","):
        parts = urlsplit(f"//{address}")
        try:
            with socket.create_connection((parts.hostname or "", parts.port or 7077), timeout=10):
                return
        except (OSError, ValueError) as error:
            reasons.append(f"{address}: {getattr(error, 'strerror', None) or error}")
    raise OpenError(f"the Spark master cannot be reached: {'; '.join(reasons)}", Reason.NO_ANSWER)


_SETTINGS: Mapping[str, str] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.filterPushdown": "true",
    "spark.task.maxFailures": "8",
}


def _session(master: str) -> Any:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("powermeter fleet")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    if master.startswith("local"):  # few workers: the usual two hundred pieces cost more than they are worth
        builder = builder.config("spark.sql.shuffle.partitions", "16")
    if master.startswith("local-cluster["):
        memory = master.rstrip("]").split(",")[-1].strip()
        builder = builder.config("spark.executor.memory", f"{memory}m")
    try:
        session = builder.getOrCreate()
    except Exception as error:  # noqa: BLE001 – Java's errors come as many kinds
        reply = " ".join(str(error).split())[:200]
        hint = "; install Java with: sudo apt install default-jre-headless" if "ava" in reply else ""
        raise OpenError(f"Spark does not start on {master}: {reply}{hint}", Reason.ABSENT) from None
    session.sparkContext.setLogLevel("ERROR")
    return session
