from ingest.cli.output.evidence import lines


def test_the_time_of_a_persons_word_is_told_to_the_second_in_utc() -> None:
    [told] = lines({"rule": "a person's word", "said_at": "2026-11-25T04:26:13.335257+01:00"})
    assert told.plain == "rule: a person's word; said at 2026-11-25 03:26:13 UTC"
