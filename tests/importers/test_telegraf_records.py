"""Records of Telegraf with a field each become one of all fields; anything else stays as it is."""

from powermeter.importers.telegraf_records import of_one_time


def record(fields, stamp=1, package="0"):
    return {
        "fields": fields,
        "name": "powerstat_package",
        "tags": {"package_id": package},
        "timestamp": stamp,
    }


def test_fields_of_one_time_and_one_set_of_tags_stand_together():
    of = [record({"a": 1}), record({"a": 3}, package="1"), record({"b": 2}), record({"a": 4}, stamp=2)]
    assert of_one_time(of) == [
        record({"a": 1, "b": 2}),
        record({"a": 3}, package="1"),
        record({"a": 4}, stamp=2),
    ]
    assert of[0] == record({"a": 1})


def test_a_field_that_comes_again_is_a_record_of_its_own():
    assert of_one_time([record({"a": 1}), record({"a": 2})]) == [record({"a": 1}), record({"a": 2})]


def test_other_records_and_damaged_ones_stay():
    others = [{"time": 1, "power": 2}, record({"a": 1})]
    assert of_one_time(others) == others
    assert of_one_time([record(7), record({"a": 1})]) == [record(7), record({"a": 1})]
