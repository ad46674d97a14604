"""Which power rails each NVIDIA Jetson has, which feeds which, and which may be summed: what it promises."""

from __future__ import annotations

from jetson_rails import CASES

from powermeter.platforms.jetson_rails import BOARDS, layout


def test_every_board_of_the_map_has_a_tree():
    tried = {
        layout([r.name for rails_ in chips.values() for r in rails_]).board
        for _, chips, _, _ in CASES.values()
    }
    assert tried == {board.title for board in BOARDS}
