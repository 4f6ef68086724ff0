// The charts together: their controls, the legend, the tip at the pointer, the differences.

const charts = new Map();

// What tells a chosen run from the other chosen ones, in few words.
let labels = new Map();

const labelOf = (run) => labels.get(run) ?? runName(run);

function differingColumns() {
  const runs = [...state.selected.keys()];
  return page.columns.filter((column) => column.group === "config" && !column.follows && new Set(runs.map((run) => column.codes[run])).size > 1);
}

function updateLabels() {
  const columns = differingColumns().slice(0, 3);
  labels = new Map([...state.selected.keys()].map((run) => {
    const words = columns.map((column) => `${column.name}=${valueText(cell(column, run)).slice(0, 24)}`);
    return [run, words.length ? `${runName(run)} · ${words.join(" ")}` : runName(run)];
  }));
}

function drawCharts() {
  if (!state.curves) return;
  for (const [metric, chart] of charts) if (!state.metrics.has(metric)) { chart.card.remove(); charts.delete(metric); }
  for (const metric of state.curves.metrics) {
    if (!state.metrics.has(metric)) continue;
    if (!charts.has(metric)) charts.set(metric, buildChart(metric));
    find("charts").append(charts.get(metric).card);
  }
  charts.forEach((chart) => chart.draw());
}

function drawLegend() {
  const legend = find("legend");
  legend.replaceChildren();
  if (colouring && colouring.colours) {
    legend.append(make("span", { class: "faint" }, colouring.column.name), ...[...colouring.colours].slice(0, 16).map(([text, colour]) =>
      make("span", {}, make("span", { class: "swatch", style: `border-top-color: ${colour}` }), text.slice(0, 40))));
  } else if (colouring) {
    const stops = [0, 0.25, 0.5, 0.75, 1].map(rampColour).join(", ");
    legend.append(make("span", { class: "faint" }, colouring.column.name), numberText(colouring.low),
      make("span", { class: "ramp", style: `background: linear-gradient(to right, ${stops})` }), numberText(colouring.high),
      colouring.ratio ? make("span", { class: "faint" }, "by ratios") : "");
  } else if (state.selected.size <= 24) {
    for (const run of state.selected.keys()) legend.append(make("button", { onclick: () => showDetails(run) }, swatch(run), labelOf(run)));
  } else {
    legend.append(make("span", { class: "faint" }, `${state.selected.size} runs: choose what to colour by`));
  }
}

function drawDifferences() {
  const section = find("differences");
  const runs = [...state.selected.keys()];
  const columns = [...page.columns.filter((column) => column.group === "metric" && column.shown), ...differingColumns()];
  section.hidden = runs.length < 2 || runs.length > 16 || columns.length === 0;
  if (section.hidden) return;
  const heading = (run) => make("th", { scope: "col" }, swatch(run), runName(run));
  const row = (column) => make("tr", {}, make("th", { scope: "row", title: column.key }, column.name),
    runs.map((run) => make("td", { title: valueText(cell(column, run)).slice(0, 500) }, METRICS.has(column.group) ? metricText(cell(column, run)) : valueText(cell(column, run)).slice(0, 80))));
  section.replaceChildren(make("div", { class: "card" }, make("h2", {}, "What differs among the plotted runs"),
    make("table", {}, make("thead", {}, make("tr", {}, make("th", {}), runs.map(heading))), make("tbody", {}, columns.map(row)))));
}

function showTip(event, content) {
  const tip = find("tip");
  tip.replaceChildren(content);
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const right = event.clientX + 18 + box.width > window.innerWidth;
  tip.style.left = `${Math.max(4, right ? event.clientX - box.width - 18 : event.clientX + 18)}px`;
  tip.style.top = `${Math.min(Math.max(4, event.clientY - box.height / 2), window.innerHeight - box.height - 4)}px`;
}

const hideTip = () => { find("tip").hidden = true; };

// The chart as a file of its own: what the page's style sheet says is written into it.
function saveSvg(svg, metric) {
  const copy = svg.cloneNode(true);
  const style = getComputedStyle(document.documentElement);
  const plain = (text) => text.replace(/var\((--[\w]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const rules = "text { fill: #555; font: 11px sans-serif } .grid { stroke: #e5e5e5 } .axis { stroke: #bbb } .curve { fill: none; stroke-width: 1.7 } .raw { stroke-width: 1; opacity: 0.25 }";
  copy.prepend(makeSvg("style", {}, rules));
  const content = plain(new XMLSerializer().serializeToString(copy));
  const link = make("a", { href: URL.createObjectURL(new Blob([content], { type: "image/svg+xml" })), download: `${metric.replace(/[^\w.-]/g, "_")}.svg` });
  link.click();
}

function drawMetrics() {
  find("metrics").replaceChildren(...state.curves.metrics.map((metric) => make("button", {
    "aria-pressed": String(state.metrics.has(metric)),
    onclick: (event) => {
      if (!state.metrics.delete(metric)) state.metrics.add(metric);
      event.target.setAttribute("aria-pressed", String(state.metrics.has(metric)));
      changed("metrics");
    },
  }, metric)));
}

function drawControls() {
  const has = { step: true, epoch: state.curves.epochs.some(Boolean), time: state.curves.seconds.some(Boolean) };
  const buttons = Object.keys(has).filter((by) => has[by]).map((by) => make("button", {
    "aria-pressed": String(state.by === by),
    onclick: (event) => {
      state.by = by;
      for (const each of event.target.parentElement.children) each.setAttribute("aria-pressed", String(each === event.target));
      charts.forEach((chart) => chart.forget());
      changed("axes");
    },
  }, by));
  const told = make("span", {}, "0");
  const choices = page.columns.filter((column) => column.group === "config" || column.group === "metric" || column.key === "run.status");
  find("chart-bar").replaceChildren(
    make("span", { class: "group", role: "group", "aria-label": "Over" }, buttons),
    make("label", {}, make("input", { type: "checkbox", id: "log", onchange: (event) => { state.log = event.target.checked; changed("axes"); } }), "logarithmic"),
    make("label", { title: "Exponential moving average, its beginning corrected, of the points shown" }, "smoothing",
      make("input", { type: "range", id: "smoothing", min: 0, max: 0.99, step: 0.01, value: 0, oninput: (event) => { state.smoothing = Number(event.target.value); told.textContent = event.target.value; changed("axes"); } }), told),
    make("label", {}, "colour by", make("select", { id: "colour-by", onchange: (event) => { state.colourBy = event.target.value; changed("colour"); } },
      make("option", { value: "" }, "run"), choices.map((column) => make("option", { value: column.key }, column.name)))));
}

function beginCharts() {
  drawControls();
  drawMetrics();
  onChange((what) => {
    if (what === "selected" || what === "colour" || what === "all") {
      updateLabels();
      drawLegend();
      drawDifferences();
    }
    if (["selected", "colour", "metrics", "axes", "all"].includes(what)) drawCharts();
  });
  new ResizeObserver(() => charts.forEach((chart) => chart.draw())).observe(find("charts"));
}
