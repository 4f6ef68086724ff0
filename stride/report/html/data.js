// What the page holds: the table of runs, and, once unpacked, their curves and details.

const page = JSON.parse(find("data").textContent);
const NUMBERS = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const METRICS = new Set(["metric", "best", "last"]);

for (const column of page.columns) {
  if (METRICS.has(column.group)) {
    column.values = column.values.map((value) => (Object.hasOwn(NUMBERS, value) ? NUMBERS[value] : value));
  }
  column.right = column.values.length > 0 && column.values.every((value) => typeof value === "number" || value === null);
}
const columnOf = new Map(page.columns.map((column) => [column.key, column]));
const runCount = page.columns[0].codes.length;

// The value of a run in a column; undefined where it has none.
function cell(column, run) {
  const code = column.codes[run];
  return code === 0 ? undefined : column.values[code - 1];
}

const runName = (run) => String(cell(columnOf.get("run.name"), run));

// The settings of a run by dotted key: those of all, and its own.
function settingsOf(run) {
  const own = page.columns.filter((column) => column.group === "config" && column.codes[run] !== 0);
  return { ...page.common, ...Object.fromEntries(own.map((column) => [column.key.slice(7), cell(column, run)])) };
}

async function unpack() {
  const bytes = Uint8Array.from(atob(find("packed").textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

// Curves as the charts take them: for each metric and run the steps and values, or null.
function buildCurves(tree) {
  const places = tree.places.map((differences) => {
    let sum = 0;
    return differences.map((each) => (sum += each));
  });
  const values = (list) => list.map((value) => (value === null ? NaN : value));
  return {
    metrics: tree.metrics,
    epochs: tree.runs.map((run) => run.epochs),
    seconds: tree.runs.map((run) => run.seconds),
    of: (metric, run) => {
      const found = tree.runs[run].curves[tree.metrics.indexOf(metric)];
      return found ? { steps: places[found[0]], values: values(found[1]) } : null;
    },
  };
}

// The reading of a clock (pairs of step and reading) at a step; time runs evenly between pairs.
function readingAt(clock, step) {
  const [steps, readings] = clock;
  let after = steps.findIndex((each) => each > step);
  if (after < 0) after = steps.length - 1;
  after = Math.max(after, 1);
  const share = (step - steps[after - 1]) / (steps[after] - steps[after - 1]);
  return readings[after - 1] + share * (readings[after] - readings[after - 1]);
}

// TensorBoard's exponential moving average, its beginning corrected; see stride/report/smoothing.py.
function smoothed(values, weight) {
  if (weight <= 0) return values;
  let average = 0;
  let power = 1;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = weight * average + (1 - weight) * value;
    power *= weight;
    return average / (1 - power);
  });
}
