"""MLPerf Power's rules on a small submission: each fails when its own mistake is made, and only then."""

import hashlib
import json

import numpy as np
import pytest
from verb_schema import keeps_to_schema

from powermeter.cli import run
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.importers.mlperf_rules import RULES, check
from powermeter.importers.mlperf_tiny import by_edges, by_indexes

BASE = 1_700_000_000
PTD = """11-14-2023 22:00:00.000: Uncertainty checking for YokogawaWT310E is activated
11-14-2023 22:10:00.000: Go with mark '2023_ranging'
11-14-2023 22:12:00.000: Completed test
11-14-2023 22:13:20.000: Go with mark '2023_testing'
{extra}11-14-2023 22:15:20.000: Completed test
"""


def stamp(seconds):
    from datetime import datetime, timezone

    return datetime.fromtimestamp(BASE + seconds, timezone.utc).strftime("%m-%d-%Y %H:%M:%S.") + "250"


def spl(rows, *, watts=lambda i: "20.5"):
    return "".join(
        f"Time,{stamp(i)},Watts,{watts(i)},Volts,230.1,Amps,0.100000,PF,0.9,Mark,x\n" for i in rows
    )


def detail(begin, end):
    keys = [("power_begin", stamp(begin)), ("power_end", stamp(end)), ("result_query_count", 100)]
    return "".join(f":::MLLOG {json.dumps({'key': k, 'value': v})}\n" for k, v in keys)


def messages(amps="1.000000", mean="0.004", analyser="YokogawaWT310E,1000,1,version=1.10.0-aa-2022,OS=Linux"):
    return [
        {"cmd": "Identify", "reply": analyser},
        {"cmd": "SR,V,Auto", "reply": "Range V changed"},
        {"cmd": "SR,A,Auto", "reply": "Range A changed"},
        {"cmd": "Go,1000,0,2023_ranging", "reply": "Starting"},
        {"cmd": "SR,V,300.000000", "reply": "Range V changed"},
        {"cmd": f"SR,A,{amps}", "reply": "Range A changed"},
        {"cmd": "Go,1000,0,2023_testing", "reply": "Starting"},
        {"cmd": "Uncertainty", "reply": f"Uncertainty,{mean},0.003,0.006,100,0,100,0"},
        {"cmd": "SR,V,Auto", "reply": "Range V changed"},
        {"cmd": "SR,A,Auto", "reply": "Range A changed"},
    ]


def submission(folder, **changed):
    rows = changed.get("rows", range(120))
    files = {
        "run_1/spl.txt": spl(rows, watts=changed.get("watts", lambda i: "20.5")),
        "run_1/mlperf_log_detail.txt": detail(10, changed.get("end", 110)),
        "run_1/mlperf_log_summary.txt": "",
        "ranging/spl.txt": spl(range(120)),
        "ranging/mlperf_log_detail.txt": detail(10, 110),
        "ranging/mlperf_log_summary.txt": "",
        "power/ptd_logs.txt": PTD.format(extra=changed.get("ptd", "")),
    }
    phases = {
        "ranging": [[BASE - 400, 0], [BASE - 390, 0], [BASE - 200, 0], [BASE - 190, 0]],
        "testing": [
            [BASE - 5, 0],
            [BASE, 0],
            [BASE + changed.get("measured_until", 119), 0],
            [BASE + 125, 0],
        ],
    }
    results = {name: hashlib.sha1(text.encode()).hexdigest() for name, text in files.items()}
    drift = changed.get("drift", 0.01)
    client = {
        "phases": phases,
        "session_name": "s",
        "uuid": {"client": "a", "server": "b"},
        "results": results,
    }
    shifted = {mode: [[a + drift, b] for a, b in entries] for mode, entries in phases.items()}
    server = {
        **client,
        "phases": shifted,
        "ptd_messages": changed.get("messages", messages()),
        **changed.get("server", {}),
    }
    files["power/client.json"], files["power/server.json"] = json.dumps(client), json.dumps(server)
    files |= changed.get("after", {})
    for name, text in files.items():
        path = folder / "performance" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "performance"


def failed(folder, **changed):
    return [verdict.rule for verdict in check(submission(folder, **changed)) if verdict.passed is False]


def test_a_sound_submission_passes_every_rule(tmp_path, capsys):
    folder = submission(tmp_path)
    assert all(verdict.passed for verdict in check(folder))
    assert run(["check-mlperf", str(tmp_path), "--json"]) == 0
    keeps_to_schema("check-mlperf", json.loads(capsys.readouterr().out))
    assert run(["check-mlperf", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "16 passed, 0 failed, 0 not checked" in out


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"end": 60}, ["length of the measured run", "length against ranging"]),
        ({"rows": [*range(40), *range(47, 120)]}, ["no gaps in the window"]),
        ({"watts": lambda i: "-1.0" if i == 50 else "20.5"}, ["no sentinels in the window"]),
        ({"watts": lambda i: "0.0" if i == 50 else "20.5"}, ["no sentinels in the window"]),
        ({"messages": messages("Auto")}, ["fixed ranges"]),
        ({"messages": messages("0.050000")}, ["readings within their ranges"]),
        ({"drift": 0.7}, ["drift between client and server"]),
        (
            {"ptd": "11-14-2023 22:14:15.000: ERROR: Bad watts reading nan from x\n"},
            ["PTDaemon's errors in the run"],
        ),
        ({"server": {"debug": True}}, ["debug mode"]),
        ({"server": {"session_name": "t"}}, ["one session"]),
        ({"after": {"run_1/mlperf_log_summary.txt": "changed"}}, ["checksums of the files"]),
        ({"rows": range(105)}, ["window covered by samples"]),
        ({"rows": range(0, 120, 2)}, ["one sample a second", "no gaps in the window"]),
        ({"messages": messages(mean="0.02")}, ["analyser's uncertainty"]),
        ({"messages": messages(mean="-1")}, ["analyser's uncertainty"]),
        ({"measured_until": 60}, ["window in the measured phase"]),
        (
            {"messages": messages(analyser="HomePlug,1,1,version=1.10.0-aa-2022,OS=Linux")},
            ["analyser and PTDaemon"],
        ),
        (
            {"messages": messages(analyser="YokogawaWT310E,1,1,version=1.1.0,OS=Linux")},
            ["analyser and PTDaemon"],
        ),
    ],
)
def test_each_mistake_fails_its_own_rule(tmp_path, changed, rules):
    assert failed(tmp_path, **changed) == rules


def test_every_rule_has_a_mistake_that_it_alone_or_with_another_finds():
    marks = [mark for mark in test_each_mistake_fails_its_own_rule.pytestmark if mark.name == "parametrize"]
    assert {rule for _, rules in marks[0].args[1] for rule in rules} == {rule for rule, _ in RULES}


@pytest.mark.parametrize(
    ("zone", "at", "passes"),
    [
        (None, "22:13:30.000", True),  # the window of run_1 is from 22:13:30.250 on
        (None, "22:13:30.500", False),
        (0, "22:15:10.000", False),
        (0, "22:15:10.500", True),  # to 22:15:10.250
        (3600, "21:14:15.000", False),
        (3600, "22:14:15.000", True),  # as UTC 23:14
    ],
)
def test_an_error_counts_from_the_beginning_of_the_run_to_its_end_in_the_server_s_zone(
    tmp_path, zone, at, passes
):
    changed = {} if zone is None else {"server": {"timezone": zone}}
    found = failed(tmp_path, ptd=f"11-14-2023 {at}: ERROR: Bad watts reading nan from x\n", **changed)
    assert ("PTDaemon's errors in the run" not in found) is passes


def test_what_is_absent_is_not_checked_and_not_passed(tmp_path, capsys):
    folder = submission(tmp_path)
    for name in ("client.json", "server.json", "ptd_logs.txt"):
        (folder / "power" / name).unlink()
    verdicts = {verdict.rule: verdict.passed for verdict in check(folder)}
    assert verdicts["fixed ranges"] is None and verdicts["drift between client and server"] is None
    assert verdicts["one sample a second"] is True


def test_a_failing_submission_ends_with_a_status_and_names_the_rules(tmp_path, capsys):
    submission(tmp_path, drift=0.7)
    assert run(["check-mlperf", str(tmp_path)]) == 7
    out = capsys.readouterr()
    assert "FAIL  drift between client and server" in out.out
    assert "rules of MLPerf Power are not kept" in out.err


def test_a_directory_without_a_run_says_which_one_is_meant(tmp_path):
    with pytest.raises(DataError, match="holds power, ranging and run_1"):
        check(tmp_path)


@pytest.mark.parametrize(
    ("rows", "covered"),
    [
        (range(10, 120), True),  # the window is from 10 s to 110 s of the log
        (range(11, 120), False),
        (range(111), True),
        (range(110), False),
    ],
)
def test_samples_reach_from_before_the_window_to_behind_it(tmp_path, rows, covered):
    verdicts = {verdict.rule: verdict for verdict in check(submission(tmp_path, rows=rows))}
    assert verdicts["window covered by samples"].passed is covered


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"end": 70}, []),  # 60 s of at least 60 s
        ({"end": 69}, ["length of the measured run"]),
        ({"end": 61}, ["length of the measured run"]),  # 51 s after 100 s of ranging: 49 % shorter of 50 %
        ({"drift": 0.5}, []),
        ({"drift": 0.501}, ["drift between client and server"]),
        ({"messages": messages(mean="0.01")}, []),
        ({"messages": messages(mean="0.0101")}, ["analyser's uncertainty"]),
        ({"messages": messages(mean="0")}, []),
        ({"messages": messages("0.077")}, []),  # 0.1 A is 129.9 % of it, of 130 %
        ({"messages": messages("0.0769")}, ["readings within their ranges"]),
        ({"watts": lambda i: "0.1" if i == 50 else "20.5"}, []),
        ({"watts": lambda i: "0.0" if i in (9, 111) else "20.5"}, []),  # outside of the window
    ],
)
def test_each_limit_is_where_the_rules_have_it(tmp_path, changed, rules):
    assert failed(tmp_path, **changed) == rules


def test_what_each_rule_found_is_stated_in_numbers(tmp_path):
    """Samples at 39 s and then at 47 s: of a hole of 8 s one second is the sample's own."""
    found = {one.rule: one.text for one in check(submission(tmp_path, rows=[*range(40), *range(47, 120)]))}
    assert found["no gaps in the window"] == "1 hole, 7 s of samples missing"
    assert found["length of the measured run"] == "100.0 s, at least 60 s"
    assert found["length against ranging"] == "100.0 s after 100.0 s of ranging"
    assert found["window covered by samples"].startswith(
        "samples from 10.0 s before the window to 9.0 s after"
    )
    assert found["drift between client and server"] == (
        "clocks of client and server at most 10 ms apart, 500 ms are allowed"
    )
    assert found["analyser's uncertainty"] == "0.40 % on average, 0.60 % at most, 1.0 % is allowed"
    assert "0.1 A on a range of 1; 230.1 V on a range of 300" in found["readings within their ranges"]


def test_a_run_of_which_every_reading_is_absent_has_no_samples(tmp_path):
    with pytest.raises(DataError, match="every Watts is -1"):
        check(submission(tmp_path, watts=lambda i: "-1.0"))


def test_a_window_s_energy_is_its_samples_times_the_period() -> None:
    """Codes of 1 mW each 0.5 s, 1 to 6: from 0.5 to 1.5 s lie 2, 3 and 4, both ends inside; indexes end before the second one."""
    codes, fact = np.arange(1, 7), {"period_s": 0.5}
    event = Event("window", 0, 1, uid=1, attributes={"begin_s": 0.5, "end_s": 1.5})
    assert by_edges(None, codes, 1e-3, event, fact) == pytest.approx(9e-3 * 0.5)
    event = Event("window", 0, 1, uid=1, attributes={"begin_index": 1, "end_index": 3})
    assert by_indexes(None, codes, 1e-3, event, fact) == pytest.approx(5e-3 * 0.5)
    nothing = Event("window", 0, 1, uid=1, attributes={"begin_s": 0.5, "begin_index": 1})
    assert by_edges(None, codes, 1e-3, nothing, fact) is by_indexes(None, codes, 1e-3, nothing, fact) is None
