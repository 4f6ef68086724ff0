// The table of runs: sorted, filtered, with the columns that were chosen.

const PORTION = 500;
let rowsShown = PORTION;
let visible = []; // the runs that the filter lets through, in order

const shownColumns = () => page.columns.filter((column) => state.columns.has(column.key));

// Missing values and nan come last, whichever way the others are sorted.
function compareCells(left, right, down) {
  const rank = (value) => (value === undefined || value === null || Number.isNaN(value) ? 1 : 0);
  if (rank(left) || rank(right)) return rank(left) - rank(right);
  const order = typeof left === "number" && typeof right === "number"
    ? left - right
    : valueText(left).localeCompare(valueText(right), undefined, { numeric: true });
  return down ? -order : order;
}

function updateVisible() {
  const runs = [...Array(runCount).keys()].filter((run) => !state.accepts || state.accepts(run));
  const column = columnOf.get(state.sort.key);
  if (column) runs.sort((a, b) => compareCells(cell(column, a), cell(column, b), state.sort.down) || a - b);
  visible = runs;
}

function acceptsText(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const columns = page.columns.filter((column) => column.group === "run" || column.group === "config");
  const shared = Object.values(page.common).map(valueText);
  const texts = [...Array(runCount).keys()].map((run) =>
    [...columns.map((column) => valueText(cell(column, run))), ...shared].join("\n").toLowerCase());
  return (run) => words.every((word) => texts[run].includes(word));
}

function applyFilter(text) {
  const problem = find("filter-problem");
  problem.hidden = true;
  state.accepts = null;
  if (text.trim() && looksLikeExpression(text)) {
    try {
      const test = parseExpression(text);
      state.accepts = (run) => test(run) === true;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    }
  } else if (text.trim()) {
    state.accepts = acceptsText(text);
  }
  rowsShown = PORTION;
  changed("filter");
}

function sortBy(key) {
  const { sort } = state;
  const rising = columnOf.get(key).group === "config" || key === "run.status" || (key === `metric.${page.monitor}` && page.mode === "min") || key.includes("loss");
  state.sort = sort.key === key ? { key, down: !sort.down } : { key, down: !rising };
  changed("sort");
}

function drawHead() {
  const cells = shownColumns().map((column) => {
    const sorted = state.sort.key === column.key;
    const arrow = sorted ? (state.sort.down ? " ↓" : " ↑") : "";
    return make("th", { class: column.right ? "right" : null, "aria-sort": sorted ? (state.sort.down ? "descending" : "ascending") : null, scope: "col" },
      make("button", { onclick: () => sortBy(column.key), title: column.key }, (column.key === "run.name" ? "run" : column.name) + arrow));
  });
  find("table").tHead.replaceChildren(make("tr", {}, make("th", {}), cells));
}

function drawCell(column, run, bests) {
  const value = cell(column, run);
  const attributes = { class: column.right ? "right" : null };
  if (value === undefined) return make("td", { class: `${attributes.class ?? ""} missing` }, "–");
  switch (column.key) {
    case "run.name":
      return make("td", {}, make("button", { class: "name", onclick: (event) => { event.stopPropagation(); showDetails(run); } }, value));
    case "run.status":
      return make("td", {}, make("span", { class: `status ${value}` }, value));
    case "run.created":
      return make("td", { title: value }, momentText(value));
    case "run.seconds":
      return make("td", attributes, durationText(value));
    case "run.tags":
      return make("td", {}, value.map((tag) => make("span", { class: "tag" }, tag)));
  }
  const text = METRICS.has(column.group) ? metricText(value) : valueText(value);
  if (bests.get(column.key) === value) attributes.class += " best";
  if (text.length > 40) attributes.title = text.slice(0, 1000);
  return make("td", attributes, text.length > 200 ? text.slice(0, 199) + "…" : text);
}

// The best of a metric's column among the visible, where it is known which way is better.
function bestValues(columns) {
  const found = new Map();
  for (const column of columns) {
    if (!METRICS.has(column.group)) continue;
    const name = column.key.slice(column.key.indexOf(".") + 1);
    const mode = name === page.monitor ? page.mode : name.includes("loss") || name.includes("error") ? "min" : name.includes("acc") ? "max" : null;
    const values = visible.map((run) => cell(column, run)).filter(Number.isFinite);
    if (mode && values.length > 1) found.set(column.key, values.reduce((a, b) => (mode === "min" ? Math.min(a, b) : Math.max(a, b))));
  }
  return found;
}

function drawRow(run, columns, bests) {
  const chosen = state.selected.has(run);
  const dot = make("span", { class: "dot", style: chosen ? `background: ${colourOf(run)}; border-color: ${colourOf(run)}` : null });
  return make("tr", { class: chosen ? "chosen" : null, "data-run": run, tabindex: 0, "aria-selected": String(chosen) },
    make("td", { class: "pick" }, dot), columns.map((column) => drawCell(column, run, bests)));
}

function drawBody() {
  const columns = shownColumns();
  const bests = bestValues(columns);
  find("table").tBodies[0].replaceChildren(...visible.slice(0, rowsShown).map((run) => drawRow(run, columns, bests)));
  const more = find("more");
  more.hidden = visible.length <= rowsShown;
  more.textContent = `${visible.length - rowsShown} more`;
  find("count").textContent = visible.length === runCount ? countText(runCount) : `${visible.length.toLocaleString("en")} of ${countText(runCount)}`;
}

// Of rows that stay where they are, only the marks of those that are plotted.
function markRows() {
  for (const row of find("table").tBodies[0].rows) {
    const run = Number(row.dataset.run);
    const chosen = state.selected.has(run);
    row.classList.toggle("chosen", chosen);
    row.setAttribute("aria-selected", String(chosen));
    row.cells[0].firstChild.style = chosen ? `background: ${colourOf(run)}; border-color: ${colourOf(run)}` : "";
  }
}

function drawChooser() {
  const groups = [...new Set(page.columns.map((column) => column.group))];
  const body = find("chooser").lastElementChild;
  body.replaceChildren(...groups.flatMap((group) => [
    make("h3", {}, group),
    ...page.columns.filter((column) => column.group === group).map((column) =>
      make("label", {}, make("input", { type: "checkbox", checked: state.columns.has(column.key), onchange: (event) => {
        if (event.target.checked) state.columns.add(column.key);
        else state.columns.delete(column.key);
        changed("columns");
      } }), column.group === "config" ? column.key.slice(7) : column.name)),
  ]));
}

function beginTable() {
  drawChooser();
  find("filter").addEventListener("input", (event) => applyFilter(event.target.value));
  find("more").addEventListener("click", () => { rowsShown += 4 * PORTION; drawBody(); });
  const body = find("table").tBodies[0];
  const pick = (event) => {
    const row = event.target.closest("tr");
    if (row) toggle(Number(row.dataset.run));
  };
  body.addEventListener("click", pick);
  body.addEventListener("keydown", (event) => {
    if (event.target.tagName === "TR" && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); pick(event); }
  });
  find("choices").append(
    make("button", { onclick: () => selectOnly(visible.slice(0, SLOTS)) }, `Plot the first ${SLOTS}`), " ",
    make("button", { onclick: () => selectOnly(visible) }, "All of these"), " ",
    make("button", { onclick: () => selectOnly([]) }, "None"));
  onChange((what) => {
    if (what === "filter" || what === "sort" || what === "all") updateVisible();
    if (what === "selected" || what === "colour") return markRows();
    if (["filter", "sort", "columns", "all"].includes(what)) { drawHead(); drawBody(); }
  });
}
