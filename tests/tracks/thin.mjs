// The phone's own sampler, for the tests in Python: a list of fixes on stdin, the segments on stdout.
import { closeTrack, newSampler, takeFix } from "../../static/js/domain/track.js";

let text = "";
for await (const part of process.stdin) text += part;
let sampler = newSampler();
const segments = [];
for (const fix of JSON.parse(text)) {
  const step = takeFix(sampler, fix);
  sampler = step.sampler;
  segments.push(...step.segments);
}
const end = closeTrack(sampler);
process.stdout.write(JSON.stringify({ segments: [...segments, ...end.segments], gaps: end.sampler.gaps }));
