"""Pictures of every screen × language × light and dark, into shots/: make shots [ARGS="leader reviewer"]

Serves the checkout's own demo database on a free port, signs in as each of the demo's people and follows the rail or
the bar; then come the pages that lie deeper (setup/shots_deeper.py). The member's duty of now is started after that,
and the screens of a patrol follow: the map with its streets, a check-in and its result, the countdown of a call for
help (stopped). It also says what a look may miss: errors on the console, and pages wider than their window.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import shots_deeper as deeper
from playwright.sync_api import Browser, Page, sync_playwright

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
ON_DUTY = ("today", "patrol", "crew", "report", "note", "sos", "code")
# As chosen in the phone's settings: whatever the hour, since by itself the phone turns dark in the evening.
LOOKS = {
    "light": {"theme": "light"}, "dark": {"theme": "dark"}, "night": {"theme": "night"},
    "double": {"theme": "light", "text": "double"}, "contrast": {"theme": "light", "contrast": "more"},
}  # fmt: skip
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


def sign_in_on_phone(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/m/")
    page.wait_for_selector("[data-name=signin]")
    if page.locator("[data-name=by-password]").count():
        page.click("[data-name=by-password]")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("[data-name=signin] button.main")
    page.wait_for_selector("[data-name=duty-card]")


def start_duty(page: Page) -> None:
    """The shift that covers now, unless it is on already."""
    page.goto(page.url.split("#")[0] + "#/today")
    page.wait_for_selector("[data-name=duty-card]")
    if page.locator("[data-name=start]").count():
        page.click("[data-name=start]")
        page.click("[data-name=start-yes]")
    page.goto(page.url.split("#")[0] + "#/patrol")
    page.wait_for_selector("[data-name=recording]")
    page.wait_for_selector("[data-name=sending][data-count='0']")


def patrol(page: Page, base: str, look: str, complaints: list[str]) -> int:
    """The screens that only somebody on duty sees."""
    sign_in_on_phone(page, base, "member")
    start_duty(page)
    for name in ON_DUTY:
        page.goto(f"{base}/m/#/{name}")
        shoot(page, f"on-duty-{look}-{name}", complaints)
    page.goto(f"{base}/m/#/patrol")
    page.click("[data-name=map-more]")
    page.wait_for_selector("[data-name=map][data-state=shown] canvas")
    page.wait_for_timeout(2_500)  # its tiles, drawn without a graphics card
    # Not the full page: that is made by resizing, and the map would follow.
    page.screenshot(path=OUT / f"on-duty-{look}-streets.png")
    page.click("[data-name=map-more]")
    page.locator("[data-name=checkin]").first.click()
    shoot(page, f"on-duty-{look}-asks-or-saved", complaints)
    if page.locator("[data-name=checkin-anyway]").count():
        page.click("[data-name=checkin-anyway]")
        page.wait_for_selector("[data-name=result]")
        shoot(page, f"on-duty-{look}-result", complaints)
    page.click("[data-name=sos-key]")
    shoot(page, f"on-duty-{look}-sos-asked", complaints)
    page.click("[data-name=sos-yes]")
    page.wait_for_selector("[data-name=sos-stop]")
    page.wait_for_timeout(700)
    page.screenshot(path=OUT / f"on-duty-{look}-sos-counting.png")
    page.click("[data-name=sos-stop]")
    return len(ON_DUTY) + 5


def walk(page: Page, base: str, login: str, look: str, made: dict[str, str], complaints: list[str]) -> int:
    phone = PEOPLE[login] is PHONE
    page.goto(f"{base}/sign-in")
    shoot(page, f"{login}-{look}-sign-in", complaints)
    sign_in_at_desk(page, base, login)
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
    if phone:
        page.goto(base + paths[0])
        page.wait_for_selector(".bar")  # it asks who is signed in before it shows anything of theirs
    for path in paths:
        page.goto(base + path)
        shoot(
            page, f"{login}-{look}-{path.strip('/').replace('/', '_').replace('#', '') or 'home'}", complaints
        )

    def take(name: str) -> None:
        shoot(page, f"{login}-{look}-{name}", complaints)

    if phone:
        return 1 + len(paths) + deeper.playback_on_phone(page, base, take)
    return 1 + len(paths) + deeper.desk_pages(page, base, login, made, take)


def plans_of(browser: Browser, base: str, complaints: list[str]) -> dict[str, str]:
    """The leader's beat and roster, asked for once: every language and look shows the same."""
    page = page_for(browser, base, "leader", "zh", "light", complaints)
    sign_in_at_desk(page, base, "leader")
    made = deeper.plans(page, base)
    page.context.close()
    return made


def sign_in_at_desk(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=login]:not([type=hidden])", login)
    page.fill("input[name=password]:not([type=hidden])", PASSWORD)
    page.locator("form").filter(has=page.locator("input[type=password]")).locator("button").first.click()
    page.wait_for_load_state("load")


def page_for(
    browser: Browser, base: str, login: str, language: str, look: str, complaints: list[str]
) -> Page:
    context = browser.new_context(
        viewport=PEOPLE[login],
        locale={"zh": "zh-CN", "en": "en-GB"}[language],
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if look == "dark" else "light",
        geolocation=PLACE,
        permissions=["geolocation"],
    )
    context.add_cookies([{"name": "lang", "value": language, "url": base}])
    for key, value in LOOKS[look].items():
        context.add_init_script(f"try {{ localStorage.setItem('xunfang.{key}', '{value}') }} catch {{}}")
    page = context.new_page()
    who = f"{login}-{language}-{look}"
    page.on("pageerror", lambda error: complaints.append(f"{who}: {error}"))
    # 401: who is signed in is asked before anybody is.
    page.on(
        "console",
        lambda said: (
            said.type == "error" and "401" not in said.text and complaints.append(f"{who}: {said.text}")
        ),
    )
    return page


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
            made = plans_of(browser, base, complaints) if "leader" in (people or PEOPLE) else {}
            for login in people or PEOPLE:
                for language in ("zh", "en"):
                    looks = LOOKS if PEOPLE[login] is PHONE else ("light", "dark")
                    for look in looks:
                        page = page_for(browser, base, login, language, look, complaints)
                        taken += walk(page, base, login, f"{language}-{look}", made, complaints)
                        page.context.close()
            for language in ("zh", "en") if "member" in (people or PEOPLE) else ():
                for look in LOOKS:
                    page = page_for(browser, base, "member", language, look, complaints)
                    taken += patrol(page, base, f"{language}-{look}", complaints)
                    page.context.close()
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
