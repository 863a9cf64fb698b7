"""A zipped Shapefile, and nothing else in a zip: streamed out with caps, never trusting what the archive says."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

from app.geofiles.problems import FileRefused

MAX_MEMBERS = 20
MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 200
FREE_BYTES = 1024 * 1024
WANTED = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
IGNORED = {".sbn", ".sbx", ".qix", ".qpj", ".xml"}
CHUNK = 64 * 1024


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


def _check(members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    files = [member for member in members if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise FileRefused("zip_too_many_members", limit=MAX_MEMBERS)
    for member in members:
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
            raise FileRefused("zip_path", name=member.filename[:80])
        if stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & 0x1:
            raise FileRefused("zip_member_not_allowed", name=member.filename[:80])
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


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    written = 0
    allowed = min(left, FREE_BYTES + MAX_RATIO * member.compress_size)
    with opened.open(member) as source, (folder / _name(member)).open("xb") as target:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > allowed:
                raise FileRefused("zip_too_big", limit_mb=MAX_BYTES >> 20, ratio=MAX_RATIO)
            target.write(chunk)
    return written


def _name(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename)
    return path.stem + path.suffix.lower()


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()
