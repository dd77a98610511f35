"""200 malformed CSV files by the seeded fuzzer beside this: each loads or is refused in a sentence, and nothing changes."""

import fuzz_csv
import pytest


@pytest.mark.parametrize("read", fuzz_csv.READERS, ids=lambda read: read.__name__)
def test_malformed_files(read, tmp_path):
    path, outcomes = tmp_path / "table.csv", []
    (tmp_path / "model.npz").write_bytes(b"precious")
    for name, data in fuzz_csv.cases(200, seed=0):
        path.write_bytes(data)
        before = fuzz_csv.traces(tmp_path)
        try:
            outcomes.append(fuzz_csv.attempt(read, path))
        except Exception as error:
            error.add_note(f"{name}: {data[:300]!r}")
            raise
        assert fuzz_csv.traces(tmp_path) == before, name
    assert len(outcomes) == 200
    assert 5 < outcomes.count("loaded") < 100  # damage, but not only nonsense
    assert len({said.partition(": ")[2][:20] for said in outcomes}) > 8  # of many kinds


def test_the_same_seed_gives_the_same_files():
    assert list(fuzz_csv.cases(30, seed=1)) == list(fuzz_csv.cases(30, seed=1)) != list(fuzz_csv.cases(30, seed=2))


def saying(error):
    def fail(path):
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "caught"),
    [
        (IndexError("pop from an empty list, somewhere"), IndexError),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "this is a ValueError as well"), AssertionError),
        (ValueError("two lines\nof a message"), AssertionError),
        (ValueError("short"), AssertionError),
        (ValueError("far too long " * 1000), AssertionError),
        (UserWarning("as an error, which nobody expects"), UserWarning),
    ],
)
def test_the_fuzzer_sees_what_is_not_a_sentence(error, caught, tmp_path):
    with pytest.raises(caught):
        fuzz_csv.attempt(saying(error), tmp_path)
