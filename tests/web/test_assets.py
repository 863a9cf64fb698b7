"""Built files go out packed as the browser can take them; nothing outside their folder does."""

import gzip

import pytest

TEXT = "console.log('巡防')\n" * 100


@pytest.fixture
def built(app, tmp_path, monkeypatch):
    (tmp_path / "dist").mkdir()
    script = tmp_path / "dist" / "one.js"
    script.write_text(TEXT)
    (tmp_path / "dist" / "one.js.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "dist" / "one.js.br").write_bytes(b"as if by brotli")
    (tmp_path / "dist" / "bare.js").write_text(TEXT)
    monkeypatch.setattr(app, "static_folder", str(tmp_path))


@pytest.mark.parametrize(
    ("takes", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("gzip;q=0", None), ("", None), ("zstd", None)],
)
def test_the_smallest_that_the_browser_takes_is_sent(client, built, takes, encoding):
    answer = client.get("/static/dist/one.js", headers={"Accept-Encoding": takes})
    assert answer.status_code == 200 and answer.headers.get("Content-Encoding") == encoding
    assert answer.mimetype == "text/javascript" and "Accept-Encoding" in answer.headers["Vary"]
    if encoding == "gzip":
        assert gzip.decompress(answer.data).decode() == TEXT


def test_what_lies_there_unpacked_only_is_sent_as_it_is(client, built):
    answer = client.get("/static/dist/bare.js", headers={"Accept-Encoding": "gzip, br"})
    assert answer.get_data(as_text=True) == TEXT and "Content-Encoding" not in answer.headers


def test_each_packing_has_an_etag_of_its_own(client, built):
    tags = {
        client.get("/static/dist/one.js", headers={"Accept-Encoding": takes}).headers["ETag"]
        for takes in ("br", "gzip", "")
    }
    assert len(tags) == 3


@pytest.mark.parametrize("path", ["../wsgi.py", "dist/../../wsgi.py", "dist/none.js"])
def test_nothing_else_is_found(client, built, path):
    assert client.get(f"/static/{path}", headers={"Accept-Encoding": "gzip, br"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "has_rules"),
    [("dist/one.js", False), ("dist/none.js", True), ("icon.svg", True), ("worker.mjs", True)],
)
def test_only_what_no_browser_shows_as_a_page_goes_out_without_the_rules_for_pages(
    client, built, tmp_path, path, has_rules
):
    for name in ("icon.svg", "worker.mjs"):
        (tmp_path / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    headers = client.get(f"/static/{path}").headers
    assert ("Content-Security-Policy" in headers) is has_rules
    assert headers["X-Content-Type-Options"] == "nosniff"
