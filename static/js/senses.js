// @ts-check
// What is heard and felt, each by the member's own choice: a buzz, two notes made here, the sentence spoken.
import { language, readSetting } from "./i18n.js";

/** @param {number|number[]} [pattern] ms */
export function buzz(pattern = 40) {
  if (navigator.userActivation?.hasBeenActive === false) return; // no browser shakes a phone for a page nobody has touched
  if (readSetting("vibrate") !== "off") navigator.vibrate?.(pattern);
}

/** @type {AudioContext|null} */
let audio = null;
const NOTES = { good: [660, 880], bad: [440, 330] };

/** Two short notes: up is good, down is not. Must be called in the course of a tap. @param {"good"|"bad"} [how] */
export function chime(how = "good") {
  if (readSetting("sound") === "off" || typeof AudioContext !== "function") return;
  try {
    audio ??= new AudioContext();
    audio.resume().catch(() => {});
    for (const [n, hertz] of NOTES[how].entries()) note(audio, hertz, n * 0.14);
  } catch {
    // no sound to be had: the words and the buzz say the same
  }
}

/** @param {AudioContext} to @param {number} hertz @param {number} after seconds */
function note(to, hertz, after) {
  const tone = to.createOscillator();
  const loudness = to.createGain();
  const at = to.currentTime + after;
  tone.frequency.value = hertz;
  loudness.gain.setValueAtTime(0.25, at);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.13);
  tone.connect(loudness).connect(to.destination);
  tone.start(at);
  tone.stop(at + 0.14);
}

/** Aloud, for eyes that are on the street. Off unless it was chosen. @param {string} text */
export function say(text) {
  if (readSetting("speak") !== "on" || !text || !("speechSynthesis" in window)) return;
  const words = new SpeechSynthesisUtterance(text);
  words.lang = language() === "en" ? "en-GB" : "zh-CN";
  speechSynthesis.cancel();
  speechSynthesis.speak(words);
}
