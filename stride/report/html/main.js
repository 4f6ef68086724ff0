// The beginning: the heading, the first choice of runs and metrics, light and dark.

const THEMES = ["auto", "light", "dark"];

function applyTheme(theme) {
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  find("theme").textContent = { auto: "◐ auto", light: "○ light", dark: "● dark" }[theme];
  find("theme").dataset.theme = theme;
}

function beginTheme() {
  const next = (theme) => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  applyTheme("auto");
  find("theme").addEventListener("click", () => applyTheme(next(find("theme").dataset.theme)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(find("theme").dataset.theme));
}

function drawHeading() {
  const statuses = page.statuses.map(([status, count]) => `${count.toLocaleString("en")} ${status}`).join(", ");
  find("summary").textContent = `${countText(runCount)}: ${statuses}${page.query ? ` · ${page.query}` : ""} · ${momentText(page.made)}`;
  const notes = page.notes.map((note) => make("p", { class: "problem" }, note));
  if (notes.length) find("filter-problem").before(make("details", {}, make("summary", { class: "faint" }, `${notes.length} file${notes.length === 1 ? "" : "s"} cannot be read`), notes));
  find("footer").textContent = `Written by stride ${page.stride}; it holds all that it shows, and asks no network.`;
  find("chart-note").textContent = page.thinned ? `Curves have at most ${page.points} points each: the lowest and the highest of every stretch, so that spikes stay.` : "";
}

// At first: the best runs by the monitor, else the newest; their monitor, and a loss beside it.
function chooseFirst() {
  const key = `metric.${page.monitor}`;
  if (columnOf.has(key)) state.sort = { key, down: page.mode === "max" };
  updateVisible();
  const drawable = visible.filter((run) => state.curves.metrics.some((metric) => state.curves.of(metric, run)));
  for (const run of drawable.slice(0, SLOTS)) select(run, true);
  const wanted = [page.monitor, "val_loss", "train_loss", "loss", state.curves.metrics[0]].filter((metric) => state.curves.metrics.includes(metric));
  for (const metric of [...new Set(wanted)].slice(0, 2)) state.metrics.add(metric);
  if (state.curves.epochs.some(Boolean)) state.by = "epoch";
}

async function begin() {
  beginTheme();
  drawHeading();
  beginTable();
  updateVisible();
  drawHead();
  drawBody();
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideDetails(); });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#chooser")) find("chooser").open = false;
  });
  try {
    const tree = await unpack();
    state.curves = buildCurves(tree.curves);
    state.details = tree.details;
  } catch (error) {
    find("chart-note").textContent = `The curves cannot be unpacked by this browser (${error.message}); one from 2023 or later can.`;
    return;
  }
  chooseFirst();
  beginCharts();
  changed("all");
  document.documentElement.dataset.ready = "yes";
}

begin();
