"""Windows as people write them."""

import pytest

from app.hotspots.windows import minutes_from, windows_from

READ = {
    "Fri 22:00-02:00; Sat 22:00-02:00": [(4, 1320, 1560), (5, 1320, 1560)],
    "周五 22:00-02:00;周六 22:00-02:00": [(4, 1320, 1560), (5, 1320, 1560)],
    "周五22:00—次日": None,
    "周一至周五 07:00-08:30": [(d, 420, 510) for d in range(5)],
    "Sat-Sun 9:00-11:00": [(5, 540, 660), (6, 540, 660)],
    "周六到周一 00:00-24:00": [(5, 0, 1440), (6, 0, 1440), (0, 0, 1440)],
    "每天 18:00~20:00": [(d, 1080, 1200) for d in range(7)],
    "星期天 19:00-21:00": [(6, 1140, 1260)],
    "SUNDAY 19:00 - 21:00;": [(6, 1140, 1260)],
    "": None,
    "22:00-02:00": None,
    "Fri 25:00-26:00": None,
    "Fri 22:60-23:00": None,
    "Fri 22:00-22:00": None,
    "Fri 24:00-02:00": None,
    "Fri": None,
    "every night": None,
}


@pytest.mark.parametrize("written", READ)
def test_windows_are_read_or_refused(written):
    if READ[written] is None:
        with pytest.raises(ValueError):
            windows_from(written)
    else:
        assert [(w.weekday, w.from_min, w.to_min) for w in windows_from(written)] == READ[written]


def test_a_checkins_window_is_minutes_of_the_day():
    assert minutes_from("20:00-22:00") == (1200, 1320)
    assert minutes_from("22：30 至 00：30") == (1350, 1470)
    with pytest.raises(ValueError):
        minutes_from("evening")
