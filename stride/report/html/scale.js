// Axes: where a number lies, and round numbers along the way.

function buildAxis(low, high, log, from, to) {
  if (!(low < high)) [low, high] = log ? [low / 2, low * 2] : [low - (Math.abs(low) / 10 || 1), low + (Math.abs(low) / 10 || 1)];
  const at = log
    ? (value) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from)
    : (value) => from + ((value / 2 - low / 2) / (high / 2 - low / 2)) * (to - from);
  const back = (place) => {
    const share = (place - from) / (to - from);
    return log ? low * (high / low) ** share : low + share * (high - low);
  };
  return { low, high, log, at, back };
}

function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999);
}

function ticksOf(axis, most) {
  if (axis.log) return logTicks(axis, most);
  const span = axis.high - axis.low;
  if (!Number.isFinite(span) || span <= 0) return [axis.low, axis.high];
  const step = roundStep(span / Math.max(most - 1, 1));
  const found = [];
  for (let place = Math.ceil(axis.low / step - 1e-9); place * step <= axis.high + step * 1e-9; place += 1) found.push(place * step);
  return found;
}

function logTicks(axis, most) {
  const first = Math.floor(Math.log10(axis.low));
  const last = Math.ceil(Math.log10(axis.high));
  const powers = Array.from({ length: last - first + 1 }, (_, place) => 10 ** (first + place));
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const found = powers.flatMap((power) => factors.map((factor) => factor * power)).filter((value) => value >= axis.low * 0.9999 && value <= axis.high * 1.0001);
    if (found.length <= most && found.length > 1) return found;
  }
  const inside = powers.filter((value) => value >= axis.low && value <= axis.high);
  if (inside.length < 2) return [axis.low, Math.sqrt(axis.low * axis.high), axis.high];
  const every = Math.ceil(inside.length / most);
  return inside.filter((_, place) => place % every === 0);
}

const tickText = (value) => numberText(Number(value.toPrecision(4)));

// Seconds in the unit that suits the longest.
function timeUnit(longest) {
  return [[86400, "days"], [3600, "hours"], [60, "minutes"]].find(([length]) => longest >= 2 * length) ?? [1, "seconds"];
}
