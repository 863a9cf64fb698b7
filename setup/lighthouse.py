"""Lighthouse on the phone's pages, as a slow phone sees them: make lighthouse

The patrol is measured on duty: the member's shift of now is started first, as a person would.

Installs Lighthouse beside the checkout's own packages (var/lighthouse, not needed to run or to test), serves the demo
database on a free port, and prints a line a page: the scores, and the scripts that a first visit fetched. Ends with 1
when a score is under 95 for performance and best practices, 100 for accessibility.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright
from shots import PASSWORD, PHONE, PLACE, free_port, serve, sign_in_on_phone, start_duty

REPO = Path(__file__).resolve().parent.parent
HOME = REPO / "var" / "lighthouse"
VERSION = "12.8.2"
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-quic"
MOST_SCRIPT_KB = 40
MAP_BYTES = 200_000  # the map library, which comes where a map is drawn
LEAST = {"performance": 95, "accessibility": 100, "best-practices": 95}
# name → (address, who is signed in)
PAGES = {"sign-in": ("/m/", None), "today": ("/m/#/today", "member"), "patrol": ("/m/#/patrol", "member")}


def install() -> Path:
    tool = HOME / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not tool.is_file():
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "package.json").write_text('{"private": true}\n')
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
        subprocess.run(command, cwd=HOME, check=True, stdout=subprocess.DEVNULL)
    return tool


def cookie_of(base: str, login: str) -> str:
    body = json.dumps({"login": login, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json", "X-Xunfang-Client": "lighthouse/1"}
    ask = urllib.request.Request(f"{base}/api/v1/session", data=body, headers=headers, method="POST")
    with urllib.request.urlopen(ask, timeout=30) as answer:
        return str(answer.headers["Set-Cookie"]).split(";")[0]


def on_duty(base: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None, args=["--no-sandbox"]
        )
        context = browser.new_context(viewport=PHONE, geolocation=PLACE, permissions=["geolocation"])
        page = context.new_page()
        sign_in_on_phone(page, base, "member")
        start_duty(page)
        browser.close()


def measure(tool: Path, base: str, name: str) -> dict[str, float]:
    address, login = PAGES[name]
    report = HOME / f"{name}.json"
    command = [
        "node", str(tool), base + address, "--quiet", "--output=json", f"--output-path={report}",
        f"--chrome-flags={CHROME_FLAGS}", "--form-factor=mobile",
    ]  # fmt: skip
    if login:
        command.append("--extra-headers=" + json.dumps({"Cookie": cookie_of(base, login)}))
    env = {**os.environ, "CHROME_PATH": os.environ.get("CHROMIUM", "chromium")}
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return figures(json.loads(report.read_text()))


def figures(report: dict) -> dict[str, float]:
    scores = {key: round(100 * (report["categories"][key]["score"] or 0)) for key in LEAST}
    asked = report["audits"]["network-requests"]["details"]["items"]
    scripts = sum(r["transferSize"] for r in asked if is_script(r) and r["resourceSize"] < MAP_BYTES)
    return {**scores, "script_kb": round(scripts / 1000, 1)}


def is_script(request: dict) -> bool:
    """A script that the page itself fetched; the worker's keeping for later is not part of a first load."""
    return request.get("resourceType") == "Script" and request.get("sessionTargetType", "page") == "page"


def main() -> int:
    tool, port = install(), free_port()
    base = f"http://127.0.0.1:{port}"
    server, bad = serve(port), 0
    try:
        on_duty(base)
        for name in PAGES:
            found = measure(tool, base, name)
            low = [key for key, least in LEAST.items() if found[key] < least]
            low += ["script_kb"] if found["script_kb"] > MOST_SCRIPT_KB else []
            bad += len(low)
            line = " · ".join(f"{key} {value}" for key, value in found.items())
            print(f"{name}: {line}" + (f"  under: {', '.join(low)}" if low else ""), flush=True)
    finally:
        server.terminate()
        server.wait(20)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
