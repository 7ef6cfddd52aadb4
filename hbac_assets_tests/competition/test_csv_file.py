"""The accepted variants of a CSV table, and the one-line refusals."""

import gzip
from pathlib import Path

import pytest

from hbac_assets.competition.csv_file import read_text_table
from hbac_assets.errors import HbacError

KNOWN = ("a", "b", "c")
PLAIN = "a,b,c\n1,2.5,x\n4,5,y\n"

READ = {
    "plain": (PLAIN.encode(), []),
    "no line end at the end": (PLAIN.rstrip().encode(), []),
    "Windows": (PLAIN.replace("\n", "\r\n").encode(), []),
    "old Macintosh": (PLAIN.replace("\n", "\r").encode(), []),
    "byte-order mark": (b"\xef\xbb\xbf" + PLAIN.encode(), []),
    "UTF-16": (PLAIN.encode("utf-16"), ["UTF-16"]),
    "UTF-16, the other way round": (b"\xfe\xff" + PLAIN.encode("utf-16-be"), ["UTF-16"]),
    "gzip": (gzip.compress(PLAIN.encode()), ["packed by gzip"]),
    "tabs": (PLAIN.replace(",", "\t").encode(), ["tabs"]),
    "bars": (PLAIN.replace(",", "|").encode(), ["bars"]),
    "semicolons, decimal commas": (PLAIN.replace(",", ";").replace(".", ",").encode(), ["semicolons"]),
    "a line that names the separator": (b"sep=;\n" + PLAIN.replace(",", ";").encode(), ["first line", "semicolons"]),
    "quotes": (b'"a","b","c"\n"1","2.5","x"\n4,5,"y"\n', []),
    "spaces and capitals": (b" A , b ,C\n 1 , 2.5, x \n4,5 ,y\n", []),
    "blank lines": (b"\na,b,c\n\n1,2.5,x\n \n4,5,y\n\n", ["4 blank"]),
    "rows of commas": (PLAIN.encode() + b",,\n,,\n", ["2 blank"]),
    "commas at the ends of rows": (b"a,b,c\n1,2.5,x,\n4,5,y,,\n", []),
    "an empty column": (b"a,b,c,\n1,2.5,x,\n4,5,y,\n", ["ignored: one without a name"]),
    "an index": (b",a,b,c\n0,1,2.5,x\n1,4,5,y\n", ["ignored: one without a name"]),
    "another column": (b"a,b,d,c\n1,2.5,3,x\n4,5,6,y\n", ["ignored: d"]),
    "another order": (b"c,a,b\nx,1,2.5\ny,4,5\n", []),
}


@pytest.mark.parametrize("case", READ)
def test_it_is_read_with_a_remark_on_anything_unusual(case: str, tmp_path: Path) -> None:
    content, remarks = READ[case]
    (tmp_path / "t.csv").write_bytes(content)
    table = read_text_table(tmp_path / "t.csv", KNOWN)
    assert table.cells[["a", "b", "c"]].to_numpy().tolist() == [["1", "2.5", "x"], ["4", "5", "y"]]
    assert table.uneven == {}
    assert len(table.remarks) <= len(remarks)
    for fragment in remarks:
        assert fragment in " ".join(table.remarks)


def test_rows_have_the_numbers_of_their_lines(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n\n3\n5,6,7\n8,9\n")
    table = read_text_table(tmp_path / "t.csv", KNOWN)
    assert table.cells.index.tolist() == [1, 5]
    assert table.uneven == {3: "expected 2 fields, found 1", 4: "expected 2 fields, found 3"}
    assert len(table) == 4


REFUSED = {
    "empty": (b"", ["comma-separated table in UTF-8", "an empty file"]),
    "binary": (bytes(range(128, 256)), ["comma-separated table in UTF-8", "codec can't decode"]),
    "cut gzip": (gzip.compress(PLAIN.encode())[:-9], ["comma-separated table in UTF-8"]),
    "archive": (b"PK\x03\x04...", ["an archive or a spreadsheet's own format", "unpack it or export it as CSV"]),
    "ends within a row": (b"a,b,c\n1,2,3\n4,5", ["row 2", "expected 3 fields", "the end of the file"]),
    "open quote": (b'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n', ["row 2", "a quote that is not closed"]),
    "a column twice": (b"a,b,a\n1,2,3\n", ["column a", "found 2 times among a, b, a"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, expected = REFUSED[case]
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(HbacError) as error:
        read_text_table(path, KNOWN)
    message = str(error.value)
    assert "\n" not in message
    for fragment in [str(path), "expected", "found", *expected]:
        assert fragment in message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "packed.csv.gz").touch()
    for name, line in {
        "absent.csv": "expected a file, found none; .*HBAC_DATA_DIR",
        "folder.csv": "expected a file, found a folder",
        "packed.csv": r"expected a file, found none; unpack packed\.csv\.gz",
    }.items():
        with pytest.raises(HbacError, match=line):
            read_text_table(tmp_path / name, KNOWN)
