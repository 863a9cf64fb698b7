// What a member types and chooses: the leader's code, stars, the browser, consents, the look by the hour.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shownCode, tidyCode, tidyTotp } from "../../static/js/domain/code.js";
import { givenBy, holds } from "../../static/js/domain/consent.js";
import { STAR_HOURS, starsFor } from "../../static/js/domain/stars.js";
import { themeAt } from "../../static/js/i18n.js";
import { browserOf, WAYS } from "../../static/js/install.js";

test("a code is the same however it is typed, pasted or scanned", () => {
  for (const typed of ["abcd2345", "ABCD-2345", " ab cd 23 45 ", "ＡＢＣＤ２３４５", "https://x.cn/m/#/code?c=abcd-2345", "ABCD2345XYZ"]) {
    assert.equal(tidyCode(typed), "ABCD2345", typed);
  }
  assert.equal(tidyCode("中文"), "");
});

test("a code is shown in two groups of four and stays the same when read back", () => {
  assert.equal(shownCode("ABC"), "ABC");
  assert.equal(shownCode("ABCDE"), "ABCD E");
  assert.equal(tidyCode(shownCode("ABCD2345")), "ABCD2345");
});

test("the digits of the second step may have gaps and full width", () => {
  assert.equal(tidyTotp("１２３ ４５６"), "123456");
  assert.equal(tidyTotp("abcd-efgh-jklm-npqr"), "ABCDEFGHJKLMNPQR");
});

test("a star comes with its hour and not a minute before", () => {
  for (const [n, hours] of STAR_HOURS.entries()) {
    assert.equal(starsFor(hours * 60 - 1).stars, n);
    assert.equal(starsFor(hours * 60).stars, n + 1);
  }
});

test("stars say what is left to the next one, and nothing after the last", () => {
  assert.deepEqual(starsFor(0), { stars: 0, hours: 0, next: 100, left: 100 });
  assert.deepEqual(starsFor(250 * 60), { stars: 1, hours: 250, next: 300, left: 50 });
  assert.deepEqual(starsFor(2000 * 60), { stars: 5, hours: 2000, next: null, left: 0 });
});

const AGENTS = {
  wechat: "Mozilla/5.0 (Linux; Android 13; V2243A) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47",
  huawei: "Mozilla/5.0 (Linux; Android 10; HarmonyOS; NOH-AN00; HMSCore 6.13) AppleWebKit/537.36 Chrome/99.0 HuaweiBrowser/14.0.5.303 Mobile Safari/537.36",
  harmony: "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.1.5",
  miui: "Mozilla/5.0 (Linux; U; Android 13; zh-cn; 22101317C) AppleWebKit/537.36 Version/4.0 Chrome/100.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/17.9.60518",
  samsung: "Mozilla/5.0 (Linux; Android 14; SM-S9210) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36",
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
  ios_other: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/126.0 Mobile/15E148 Safari/604.1",
  android: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
  desktop: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
};

test("each browser is known by what it calls itself", () => {
  for (const [name, agent] of Object.entries(AGENTS)) assert.equal(browserOf(agent), name, agent);
  const wechatOnIphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.49";
  assert.equal(browserOf(wechatOnIphone), "wechat");
});

test("every browser but the odd ones of the iPhone has a way of its own", () => {
  assert.deepEqual([...WAYS].sort(), Object.keys(AGENTS).filter((name) => name !== "ios_other").sort());
});

test("by itself it is dark from seven in the evening to six, and as chosen at any hour", () => {
  assert.deepEqual([5, 6, 12, 18, 19, 23, 0].map((hour) => themeAt("auto", hour)), ["dark", null, null, null, "dark", "dark", "dark"]);
  for (const chosen of ["light", "dark", "night"]) assert.equal(themeAt(chosen, 23), chosen);
});

test("what I said holds until the server has heard it and says something newer", () => {
  const unheard = { given: false, version: null, sent_at: null };
  const heard = { given: false, version: "1", sent_at: 1000 };
  assert.equal(holds(unheard, true, 5000), false);
  assert.equal(holds(heard, true, 900), false, "an older plan does not bring the track back");
  assert.equal(holds(heard, true, 1001), true, "changed on another device since");
  assert.equal(holds(undefined, undefined, 0), null, "never asked");
});

test("a consent is given, withdrawn, or was never asked for", () => {
  const at = "2026-11-24T12:00:00Z";
  assert.equal(givenBy(undefined), null);
  assert.equal(givenBy({ purpose: "tracks", given_at: null, withdrawn_at: null }), null);
  assert.equal(givenBy({ purpose: "tracks", given_at: at, withdrawn_at: null }), true);
  assert.equal(givenBy({ purpose: "tracks", given_at: at, withdrawn_at: at }), false);
  assert.equal(givenBy({ purpose: "tracks", given_at: null, withdrawn_at: at }), false);
});
