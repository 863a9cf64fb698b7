"""Pictures of every screen × language × light and dark, into shots/: make shots [ARGS="leader reviewer"]

Serves the checkout's own demo database on a free port, signs in as each of the demo's people and follows the rail or
the bar. It also says what a look may miss: errors on the console, and pages wider than their window.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

REPO = Path(__file__).resolve().parent.parent
OUT = REPO / "shots"
PASSWORD = "xunfang-demo"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
# Who looks at what: the member's pages are the phone's.
PEOPLE = {"member": PHONE, "leader": DESK, "reviewer": DESK, "admin": DESK, "outsider": DESK}
PHONE_PAGES = (
    "today", "patrol", "report", "note", "me", "outbox", "crew", "swaps", "scan?for=checkin", "sos", "pin", "settings",
    "data", "devices", "totp", "calendar", "copy", "restore", "help", "loggers",
)  # fmt: skip
# Text at 200 %, as chosen in the settings.
DOUBLE = "try { localStorage.setItem('xunfang.text', 'double') } catch {}"
PLACE = {"longitude": 114.2858, "latitude": 30.5912, "accuracy": 12}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: int) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    command = [
        REPO / ".venv/bin/gunicorn",
        "-c",
        "deploy/gunicorn.conf.py",
        "-b",
        f"127.0.0.1:{port}",
        "wsgi:app",
    ]
    server = subprocess.Popen(
        command, cwd=REPO, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        if server.poll() is not None:
            break
        time.sleep(0.2)
    server.terminate()
    sys.exit("✗ the server did not start; try make run to see why")


def shoot(page: Page, name: str, complaints: list[str]) -> None:
    page.wait_for_load_state("load")
    page.wait_for_timeout(700)  # streams never go idle, and a map fades in
    page.screenshot(path=OUT / f"{name}.png", full_page=True)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wider > 0:
        complaints.append(f"{name}: {wider} px wider than the window")


def walk(page: Page, base: str, login: str, look: str, complaints: list[str]) -> int:
    phone = PEOPLE[login] is PHONE
    page.goto(f"{base}/sign-in")
    shoot(page, f"{login}-{look}-sign-in", complaints)
    page.fill("input[name=login]:not([type=hidden])", login)
    page.fill("input[name=password]:not([type=hidden])", PASSWORD)
    page.locator("form").filter(has=page.locator("input[type=password]")).locator("button").first.click()
    page.wait_for_load_state("load")
    if "/sign-in" in page.url:
        complaints.append(f"{login}-{look}: could not sign in")
        return 1
    if phone:
        paths = [f"/m/#/{name}" for name in PHONE_PAGES]
    else:
        found = page.eval_on_selector_all(
            "nav a[href^='/']", "links => links.map(a => a.getAttribute('href'))"
        )
        paths = sorted(set(found)) or [page.url.removeprefix(base)]
    for path in paths:
        page.goto(base + path)
        shoot(
            page, f"{login}-{look}-{path.strip('/').replace('/', '_').replace('#', '') or 'home'}", complaints
        )
    return 1 + len(paths)


def main(people: list[str]) -> int:
    OUT.mkdir(exist_ok=True)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    complaints: list[str] = []
    taken = 0
    server = serve(port)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or None,
                args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist"],
            )
            for login in people or PEOPLE:
                for language in ("zh", "en"):
                    for scheme in ("light", "dark", *(["double"] if PEOPLE[login] is PHONE else [])):
                        context = browser.new_context(
                            viewport=PEOPLE[login],
                            locale={"zh": "zh-CN", "en": "en-GB"}[language],
                            timezone_id="Asia/Shanghai",
                            color_scheme="dark" if scheme == "dark" else "light",
                            geolocation=PLACE,
                            permissions=["geolocation"],
                        )
                        context.add_cookies([{"name": "lang", "value": language, "url": base}])
                        if scheme == "double":
                            context.add_init_script(DOUBLE)
                        page = context.new_page()
                        look = f"{language}-{scheme}"
                        who = f"{login}-{look}"
                        page.on("pageerror", lambda error, who=who: complaints.append(f"{who}: {error}"))
                        page.on(
                            "console",
                            lambda said, who=who: (
                                said.type == "error" and complaints.append(f"{who}: {said.text}")
                            ),
                        )
                        taken += walk(page, base, login, look, complaints)
                        context.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(20)
    for line in dict.fromkeys(complaints):
        print("! " + line)
    print(f"{taken} pictures in {OUT}")
    return 1 if complaints else 0


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in PEOPLE]
    if unknown:
        sys.exit(f"✗ nobody is called {', '.join(unknown)}; the demo has {', '.join(PEOPLE)}")
    sys.exit(main(sys.argv[1:]))
