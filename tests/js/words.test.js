// Every word that the phone asks for exists in both languages, with the same blanks; Chinese punctuation is full-width.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ageWords, clockTime, dayOf, durationWords, metreWords, reasonWords, unsentWords } from "../../static/js/domain/words.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

function catalogue(subject, lang) {
  const text = readFileSync(join(root, "app/translations", subject, lang, "LC_MESSAGES/messages.po"), "utf8");
  const words = new Map();
  for (const block of text.split(/\n\s*\n/)) {
    const part = (name) => {
      const found = new RegExp(`^${name} ((?:".*"\\n?)+)`, "m").exec(block);
      return found ? [...found[1].matchAll(/"(.*)"/g)].map((m) => JSON.parse(`"${m[1]}"`)).join("") : "";
    };
    if (part("msgid")) words.set(part("msgid"), part("msgstr"));
  }
  return words;
}

// What the phone carries in its pocket (setup/i18n.py), without the errors' own subject: that one is Python's, too.
const SUBJECTS = ["phone", "account", "crew", "codes", "reports", "alarms", "loggers", "playback", "statements",
  "fairness", "shop"];
const FLAGS = ["same_walk", "shared_phone", "two_places", "self_closed", "closed_for", "split_reports", "same_pair", "cosign_pair",
  "month_end_rush", "team_rush", "after_cap_rush", "thin_visits", "paid_rhythm", "long_standing"];
const all = (lang) => new Map(SUBJECTS.flatMap((subject) => [...catalogue(subject, lang)]));
const zh = all("zh");
const en = all("en");
const blanks = (text) => [...text.matchAll(/%\((\w+)\)s/g)].map((m) => m[1]).sort();

test("both languages have the same words with the same blanks, and none is empty", () => {
  assert.deepEqual([...zh.keys()].sort(), [...en.keys()].sort());
  for (const [code, words] of zh) {
    assert.ok(words && en.get(code), code);
    assert.deepEqual(blanks(words), blanks(en.get(code)), code);
  }
});

test("Chinese punctuation is full-width and English has no Chinese", () => {
  for (const [code, words] of zh) assert.doesNotMatch(words, /[\u4e00-\u9fff][,;:?!()]/, code);
  for (const [code, words] of en) assert.doesNotMatch(words, /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/, code);
});

test("every code that a page names is in the catalogue", () => {
  const files = readdirSync(join(root, "static/js"), { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && f.name.endsWith(".js"))
    .map((f) => join(f.parentPath ?? f.path, f.name))
    .filter((f) => !/coverage|desk/.test(f));
  const missing = [];
  for (const file of files) {
    const source = readFileSync(file, "utf8");
    if (!source.includes("i18n.js") && !file.includes("words.js")) continue;
    const calls = [...source.matchAll(/\bt\(([^()`]*?"[a-z_]+\.[a-z_.]+"[^()`]*?)[,)]/g)].map((m) => m[1]);
    for (const call of calls) {
      for (const [, code] of call.matchAll(/"([a-z_]+\.[a-z_.]+)"/g)) if (!zh.has(code)) missing.push(`${file}: ${code}`);
    }
  }
  assert.deepEqual(missing, []);
});

test("codes that are put together have their words", () => {
  const families = {
    direction: ["n", "ne", "e", "se", "s", "sw", "w", "nw"],
    standing: ["todo", "waiting", "sending", "counted", "review", "not_counted", "stored", "refused"],
    kind: ["here", "arrive", "leave", "duty_start", "duty_pause", "duty_resume", "duty_end", "note", "report", "sos", "sos_cancel", "ok",
      "answer", "cosign", "swap_ask", "swap_offer", "swap_withdraw", "decline", "leave_ask", "leave_withdraw", "handover", "crew_tick", "other"],
    consent: ["tracks", "push", "name_in_notice", "ranking", "tracks.why", "push.why", "name_in_notice.why", "ranking.why", "sent", "later", "changed"],
    restore: ["not_a_copy", "wrong_phrase"],
    spoken: ["saved", "duty_start", "duty_pause", "duty_resume", "duty_end"],
    nav: ["today", "patrol", "note", "me", "outbox", "report", "code", "data", "devices", "settings", "help", "totp", "calendar", "copy", "restore",
      "swaps", "loggers", "pin", "scan", "crew", "cosign", "sos"],
    "fairness.kind": FLAGS, "fairness.seen": FLAGS, "fairness.innocent": FLAGS,
    "fairness.reason": ["looked_fine", "roster_so", "no_choice", "as_ordered", "lent_phone", "data_fault", "to_audit", "to_talk"],
    "fairness.state": ["open", "explained", "passed_on"],
    "fairness.measure": ["points", "hours"],
    data: ["kept", "consents", "looks", "noticed", "ranking", "export", "delete"],
    rule: ["base", "night", "holiday", "all_checkpoints", "hotspot_visits", "hard_to_fill"],
    grade: ["track", "pair", "single", "declared"],
    phrase: ["all_in_order", "cannot_reach", "code_missing", "light_out", "path_blocked", "weather", "other"],
    "shop.state": ["ordered", "collected", "cancelled", "lapsed"],
    "shop.price": ["points", "hours"], "redeem.available": ["points", "hours"], "redeem.amount": ["points", "hours"],
    "shop.reason": ["by_member", "goods_missing", "goods_damaged", "wrong_item"],
    "redeem.obstacle": ["sold_out", "quota", "too_dear"],
    certificate: ["days_needed", "days_turned", "days_not_over", "state.asked", "state.issued", "state.refused", "state.withdrawn"],
    "certificate.reason": ["wrong_period", "no_service", "not_needed", "wrong_hours", "wrong_name", "by_member"],
    trouble: ["position_denied", "position_unavailable", "position_slow"],
    kept: ["positions", "track", "who", "places", "phone", "free"],
  };
  for (const [family, codes] of Object.entries(families)) for (const code of codes) assert.ok(zh.has(`${family}.${code}`), `${family}.${code}`);
});

test("every reason of the protocol has a sentence in both languages", () => {
  const reasons = [
    "too_far_from_checkpoint", "accuracy_too_low", "impossible_speed", "repeated_coordinates", "constant_accuracy",
    "shared_coordinates", "time_bracket_only", "code_already_used", "outside_area", "not_on_duty", "mocked_position",
    "wrong_code", "fast_movement", "old_fix", "sequence_gap", "off_roster", "clock_corrected", "out_of_window",
    "out_of_order", "constant_offset", "waiting_for_start", "waiting_for_shift", "kind_not_offered", "judging_failed",
    "other_author", "malformed_envelope", "malformed_body", "wrong_hash", "unknown_kind", "unknown_schema",
  ];
  for (const lang of ["zh", "en"]) {
    const words = catalogue("errors", lang);
    assert.deepEqual(reasons.filter((r) => !words.get(`reasons.${r}`)), [], lang);
  }
});

const t = (code, values = {}) => en.get(code).replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
const MIN = 60_000;

for (const [ms, words] of [[-5 * MIN, "just now"], [30_000, "just now"], [40 * MIN, "40 min ago"], [150 * MIN, "2 h ago"], [72 * 60 * MIN, "3 d ago"]]) {
  test(`${ms} ms are ${words}`, () => assert.equal(ageWords(ms, t), words));
}

test("what waits is said with its number and age", () => {
  assert.equal(unsentWords({ count: 3, oldestAt: 0 }, 125 * MIN, t), "3 not sent yet, oldest 2 h ago");
  assert.equal(unsentWords({ count: 0, oldestAt: null }, 5, t), "All sent");
});

test("lengths and times are said as people say them", () => {
  assert.deepEqual([86.4, 1234].map((m) => metreWords(m, t)), ["86 m", "1.2 km"]);
  assert.deepEqual([25, 120, 150].map((m) => durationWords(m, t)), ["25 min", "2 h", "2 h 30 min"]);
});

test("a reason without words is shown as its code, not hidden", () => {
  assert.equal(reasonWords(["brand_new"], (code) => code), "brand_new");
  assert.equal(reasonWords(undefined, (code) => code), "");
});

test("a clock time in China is the browser's own", () => {
  const own = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "Asia/Shanghai" });
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" });
  for (let at = Date.UTC(2024, 0, 1); at < Date.UTC(2032, 0, 1); at += 29.3 * 3_600_000) {
    assert.equal(clockTime(at, "zh", "Asia/Shanghai"), own.format(at));
    assert.equal(dayOf(at), day.format(at));
  }
});
