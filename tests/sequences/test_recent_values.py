"""What was used last is kept, up to a number of bytes."""

from __future__ import annotations

from aecodec.sequences.recent_values import RecentValues


def asked(recent: RecentValues, *keys: str) -> list[str]:
    """The keys whose values, of as many bytes as the key has letters, had to be made."""
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key

    for key in keys:
        assert recent.get(key, lambda key=key: make(key), len) == key
    return made


def test_values_are_kept_while_they_fit() -> None:
    recent = RecentValues(6)
    assert asked(recent, "aa", "bb", "cc", "aa", "cc") == ["aa", "bb", "cc"]


def test_the_value_that_was_used_least_recently_is_dropped() -> None:
    recent = RecentValues(6)
    assert asked(recent, "aa", "bb", "cc", "aa", "dd") == ["aa", "bb", "cc", "dd"]
    assert asked(recent, "aa", "cc", "dd", "bb") == ["bb"]


def test_one_value_is_kept_however_large() -> None:
    recent = RecentValues(3)
    assert asked(recent, "a", "long", "long", "a") == ["a", "long", "a"]
