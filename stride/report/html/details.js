// The details of one run, in a drawer: its settings, attempts, provenance, note, tags, error.

const pairs = (entries) => make("dl", {}, entries.map(([name, value, own]) => [
  make("dt", { class: own ? "own" : null }, name),
  make("dd", {}, typeof value === "object" && value instanceof Node ? value : valueText(value)),
]));

function part(heading, ...content) {
  const found = content.filter(Boolean);
  return found.length ? [make("h3", {}, heading), ...found] : [];
}

function metricsOf(run) {
  return page.columns.filter((column) => METRICS.has(column.group) && cell(column, run) !== undefined)
    .map((column) => [column.group === "metric" ? `${column.name} (best epoch)` : column.name, metricText(cell(column, run))]);
}

function attemptsOf(attempts) {
  const headings = ["", "started", "took", "host", "device", "ranks", "steps", "end", "asked for"];
  const rows = attempts.map(([number, started, seconds, host, device, ranks, first, last, outcome, words]) => make("tr", {}, [
    number, momentText(started), seconds === null ? "–" : durationText(seconds), host, device ?? "–", ranks,
    last === null ? "–" : `${first}–${last}`, outcome ?? "–", words,
  ].map((text) => make("td", {}, text))));
  return make("div", { class: "attempts" }, make("table", {}, make("tr", {}, headings.map((text) => make("th", {}, text))), rows));
}

function configOf(run, told) {
  const settings = settingsOf(run);
  const chosen = new Set(told.chosen === undefined ? [] : state.details.shared[told.chosen]);
  const own = new Set(page.columns.filter((column) => column.group === "config").map((column) => column.key.slice(7)));
  const changes = told.changed ?? {};
  const line = (key) => {
    const change = Object.hasOwn(changes, key) ? changes[key] : null;
    const text = valueText(settings[key]) + (change ? ` (by attempt ${change[0]}; before it ${valueText(change[1])})` : "");
    return [key + (chosen.has(key) ? " *" : ""), text, chosen.has(key)];
  };
  const keys = Object.keys(settings).sort();
  const telling = keys.filter((key) => own.has(key) || chosen.has(key));
  const rest = keys.filter((key) => !telling.includes(key));
  return [
    telling.length ? pairs(telling.map(line)) : null,
    rest.length ? make("details", {}, make("summary", { class: "faint" }, `${rest.length} more, alike in all runs`), pairs(rest.map(line))) : null,
  ];
}

function showDetails(run) {
  const drawer = find("drawer");
  const told = (state.details && state.details.runs[run]) || {};
  const shared = (place) => state.details.shared[place];
  const get = (key) => cell(columnOf.get(key), run);
  const status = String(get("run.status"));
  const [tags, note] = [get("run.tags"), get("run.note")];
  const plain = (value) => typeof value !== "object" || value === null || Array.isArray(value);
  const results = Object.entries(told.results ?? {}).flatMap(([file, values]) =>
    (plain(values) ? [[file, values]] : Object.entries(values).map(([name, value]) => [Object.keys(told.results).length > 1 ? `${file}: ${name}` : name, typeof value === "number" ? metricText(value) : value])));
  const about = [
    ["status", make("span", { class: `status ${status}` }, status)],
    ["reason", told.reason], ["problem", told.problem],
    ["created", get("run.created") && momentText(get("run.created"))],
    ["epoch", get("run.epoch")], ["step", get("run.step")],
    ["took", get("run.seconds") === undefined ? undefined : durationText(get("run.seconds"))],
    ["parents", told.parents && told.parents.join(", ")], ["sweep", told.sweep], ["id", told.id],
    ["made by", told.stride && `stride ${told.stride}`],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  const error = told.error && make("p", { class: "error" }, `${told.error.type}: ${told.error.message}${told.error.where ? `\n${told.error.where}` : ""}`);
  drawer.replaceChildren(
    make("div", { class: "head" },
      make("h2", {}, `Run ${runName(run)}`),
      make("span", {}, make("button", { onclick: () => { toggle(run); showDetails(run); } }, state.selected.has(run) ? "Remove from charts" : "Plot"), " ",
        make("button", { id: "close", onclick: hideDetails, "aria-label": "Close" }, "Close"))),
    make("p", {}, (tags ?? []).map((tag) => make("span", { class: "tag" }, tag))),
    note ? make("p", { class: "note" }, note) : "",
    error ?? "",
    pairs(about),
    ...part("Metrics", metricsOf(run).length ? pairs(metricsOf(run)) : null),
    ...part("Results", results.length ? pairs(results) : null),
    ...part("Config (* chosen)", ...configOf(run, told)),
    ...part("Found when it was trained", told.resolved !== undefined && Object.keys(shared(told.resolved)).length ? pairs(Object.entries(shared(told.resolved))) : null),
    ...part("Attempts", told.attempts ? attemptsOf(told.attempts) : null),
    ...part("Provenance of the newest attempt", ...(told.provenance ?? []).map((place) => pairs(Object.entries(shared(place)).filter(([, value]) => value !== null)))),
  );
  drawer.hidden = false;
  drawer.dataset.run = run;
  drawer.scrollTop = 0;
}

const hideDetails = () => { find("drawer").hidden = true; };
