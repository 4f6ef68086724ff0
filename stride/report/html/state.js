// What a person chose on the page, and who is told when it changes.

const SLOTS = 8;

const state = {
  selected: new Map(), // run to its slot, which gives its colour and, beyond eight, its dashes
  metrics: new Set(),
  by: "step",
  log: false,
  smoothing: 0,
  colourBy: "",
  sort: { key: "", down: true },
  accepts: null, // the filter: a function of a run, or null
  columns: new Set(page.columns.filter((column) => column.shown).map((column) => column.key)),
  curves: null,
  details: null,
};

const listeners = [];
const onChange = (listener) => listeners.push(listener);
const changed = (what) => listeners.forEach((listener) => listener(what));

function freeSlot() {
  const taken = new Set(state.selected.values());
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return slot;
}

function select(run, on) {
  if (on && !state.selected.has(run)) state.selected.set(run, freeSlot());
  if (!on) state.selected.delete(run);
}

function toggle(run) {
  select(run, !state.selected.has(run));
  changed("selected");
}

function selectOnly(runs) {
  state.selected.clear();
  for (const run of runs) select(run, true);
  changed("selected");
}

// Colours: of the slot, or of the value in the column that people chose to colour by.
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [236, 201, 36]]; // viridis, its yellow darker

function rampColour(share) {
  const at = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  const mix = RAMP[low].map((part, place) => Math.round(part + (at - low) * (RAMP[low + 1][place] - part)));
  return `rgb(${mix.join(" ")})`;
}

// How a column becomes colours: for numbers a ramp, by ratios where they span far; else a list.
function buildColouring(key) {
  const column = columnOf.get(key);
  if (!column) return null;
  const runs = [...state.selected.keys()];
  const values = runs.map((run) => cell(column, run)).filter((value) => value !== undefined && value !== null);
  const numbers = values.filter((value) => Number.isFinite(value));
  const distinct = [...new Set(values.map(valueText))];
  if (numbers.length === values.length && distinct.length > 2) {
    const low = Math.min(...numbers);
    const high = Math.max(...numbers);
    const ratio = low > 0 && high / low > 50;
    const share = (value) => (ratio ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
    return { column, low, high, ratio, colour: (run) => (Number.isFinite(cell(column, run)) ? rampColour(share(cell(column, run))) : "var(--soft)") };
  }
  const colours = new Map(distinct.map((text, place) => [text, `var(--c${place % SLOTS})`]));
  return { column, colours, colour: (run) => colours.get(valueText(cell(column, run))) ?? "var(--soft)" };
}

let colouring = null;
onChange((what) => {
  if (["selected", "colour", "all"].includes(what)) colouring = buildColouring(state.colourBy);
});

function colourOf(run) {
  if (colouring) return colouring.colour(run);
  return `var(--c${(state.selected.get(run) ?? 0) % SLOTS})`;
}

function dashesOf(run) {
  const round = colouring ? 0 : Math.floor((state.selected.get(run) ?? 0) / SLOTS) % 3;
  return ["", "6 4", "1.5 4"][round];
}

function swatch(run) {
  const kind = { "": "", "6 4": " dashed", "1.5 4": " dotted" }[dashesOf(run)];
  return make("span", { class: "swatch" + kind, style: `border-top-color: ${colourOf(run)}` });
}
