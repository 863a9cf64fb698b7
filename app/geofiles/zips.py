"""A zipped Shapefile, or the zip that an XLSX is: streamed with caps, never trusting what the archive says."""

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from app.geofiles.problems import FileRefused

MAX_MEMBERS = 20
MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 200
FREE_BYTES = 1024 * 1024
WANTED = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
IGNORED = {".sbn", ".sbx", ".qix", ".qpj", ".xml"}
CHUNK = 64 * 1024
# Of an XLSX: as many sheets, and as much XML, as 50,000 lines need.
MAX_BOOK_MEMBERS = 300
MAX_BOOK_BYTES = 100 * 1024 * 1024


def unpack_shapefile(archive: Path, folder: Path) -> Path:
    """Write the Shapefile's parts into `folder`; the path of the .shp. Raises FileRefused."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            wanted = _check(members)
            left = MAX_BYTES
            for member in wanted:
                left -= _write(opened, member, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise FileRefused("zip_unreadable") from error
    return folder / next(_name(m) for m in wanted if _suffix(m) == ".shp")


def refuse_bomb(archive: Path) -> None:
    """Read every member of an XLSX to its end under the caps, writing nothing. Raises FileRefused."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            if len(members) > MAX_BOOK_MEMBERS:
                raise FileRefused("zip_too_many_members", limit=MAX_BOOK_MEMBERS)
            _refuse_paths(members)
            if "xl/workbook.xml" not in {member.filename for member in members}:
                raise FileRefused("file_is_not_what_its_name_says", found="zip")
            left = MAX_BOOK_BYTES
            for member in members:
                left -= sum(len(chunk) for chunk in _chunks(opened, member, left))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise FileRefused("zip_unreadable") from error


def _check(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    files = [member for member in members if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise FileRefused("zip_too_many_members", limit=MAX_MEMBERS)
    _refuse_paths(members)
    for member in files:
        if _suffix(member) not in WANTED | IGNORED:
            raise FileRefused("zip_member_not_allowed", name=member.filename[:80])
    wanted = [member for member in files if _suffix(member) in WANTED]
    if sum(_suffix(member) == ".shp" for member in wanted) != 1 or len({_name(m) for m in wanted}) != len(
        wanted
    ):
        raise FileRefused("zip_not_one_shapefile")
    if len({PurePosixPath(_name(member)).stem for member in wanted}) != 1:
        raise FileRefused("zip_not_one_shapefile")
    return wanted


def _refuse_paths(members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
            raise FileRefused("zip_path", name=member.filename[:80])
        if stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & 0x1:
            raise FileRefused("zip_member_not_allowed", name=member.filename[:80])


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    written = 0
    with (folder / _name(member)).open("xb") as target:
        for chunk in _chunks(opened, member, left):
            written += target.write(chunk)
    return written


def _chunks(opened: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    """A member's bytes, until it proves bigger than `left` or than its packed size may grow to."""
    read = 0
    allowed = min(left, FREE_BYTES + MAX_RATIO * member.compress_size)
    with opened.open(member) as source:
        while chunk := source.read(CHUNK):
            read += len(chunk)
            if read > allowed:
                raise FileRefused("zip_too_big", limit_mb=MAX_BYTES >> 20, ratio=MAX_RATIO)
            yield chunk


def _name(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename)
    return path.stem + path.suffix.lower()


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()
