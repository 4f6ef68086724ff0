// One chart: the curves of a metric, drawn as SVG, with values where the pointer is.

const HEIGHT = 270;
const MARGIN = { left: 52, right: 14, top: 8, bottom: 34 };
const MOST_TOLD = 12;

// The points of a run's curve as they are drawn; null where it has none.
function pointsOf(metric, run) {
  const found = state.curves.of(metric, run);
  if (!found) return null;
  const clock = state.by === "epoch" ? state.curves.epochs[run] : state.by === "time" ? state.curves.seconds[run] : null;
  if (state.by !== "step" && !clock) return null;
  const x = clock ? found.steps.map((step) => readingAt(clock, step)) : found.steps;
  return { run, x, y: smoothed(found.values, state.smoothing), raw: found.values };
}

function bounds(lists, accepts) {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) for (const value of list) if (accepts(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  return low <= high ? [low, high] : null;
}

function pathOf(points, values, xAxis, yAxis) {
  let pen = "M";
  let path = "";
  points.x.forEach((x, place) => {
    const y = values[place];
    if (!Number.isFinite(y) || (yAxis.log && y <= 0)) { pen = "M"; return; }
    const alone = pen === "M" && !(Number.isFinite(values[place + 1]) && (!yAxis.log || values[place + 1] > 0));
    path += `${pen}${xAxis.at(x).toFixed(1)} ${yAxis.at(y).toFixed(1)}${alone ? "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0" : ""}`;
    pen = "L";
  });
  return path;
}

function buildChart(metric) {
  const svg = makeSvg("svg", { role: "img", "aria-label": `Curves of ${metric}` });
  const title = make("span", {}, metric);
  const reset = make("button", { hidden: true, title: "The whole range again", onclick: () => { zoom = null; draw(); } }, "whole range");
  const save = make("button", { title: "Save this chart as an SVG file", onclick: () => saveSvg(svg, metric) }, "SVG");
  const card = make("div", { class: "card", "data-metric": metric }, make("h2", {}, title, make("span", {}, reset, " ", save)), svg);
  let drawn = null;
  let zoom = null;
  let pressed = null;

  function draw() {
    const width = Math.max(card.clientWidth - 28, 120);
    const height = svg.clientHeight || HEIGHT;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    reset.hidden = !zoom;
    const curves = [...state.selected.keys()].map((run) => pointsOf(metric, run)).filter(Boolean);
    const inZoom = (x) => !zoom || (x >= zoom[0] && x <= zoom[1]);
    const xRange = zoom ?? bounds(curves.map((curve) => curve.x), Number.isFinite);
    const yRange = bounds(curves.map((curve) => curve.y.filter((_, place) => inZoom(curve.x[place]))), (value) => Number.isFinite(value) && (!state.log || value > 0));
    drawn = null;
    if (!xRange || !yRange) return drawNothing(width, height);
    const xAxis = buildAxis(...xRange, false, MARGIN.left, width - MARGIN.right);
    const room = state.log ? 1 : (yRange[1] - yRange[0]) * 0.03;
    const yAxis = buildAxis(state.log ? yRange[0] / 1.05 : yRange[0] - room, state.log ? yRange[1] * 1.05 : yRange[1] + room, state.log, height - MARGIN.bottom, MARGIN.top);
    drawAxes(xAxis, yAxis, width, height);
    const clip = `clip-${svgCount++}`;
    svg.append(makeSvg("clipPath", { id: clip }, makeSvg("rect", {
      x: MARGIN.left - 2, y: MARGIN.top - 4, width: Math.max(width - MARGIN.left - MARGIN.right + 4, 1), height: Math.max(height - MARGIN.top - MARGIN.bottom + 6, 1),
    })));
    const group = makeSvg("g", { "clip-path": `url(#${clip})` });
    const paths = new Map();
    for (const curve of curves) {
      const look = { stroke: colourOf(curve.run), "stroke-dasharray": dashesOf(curve.run) || null };
      if (state.smoothing > 0 && curves.length <= 12) group.append(makeSvg("path", { class: "curve raw", d: pathOf(curve, curve.raw, xAxis, yAxis), ...look }));
      paths.set(curve.run, makeSvg("path", { class: "curve", "data-run": curve.run, d: pathOf(curve, curve.y, xAxis, yAxis), ...look }));
      group.append(paths.get(curve.run));
    }
    svg.append(group);
    svg.classList.toggle("many", curves.length > 24);
    drawn = { curves, xAxis, yAxis, width, height, paths };
  }

  function drawNothing(width, height) {
    const text = state.selected.size === 0 ? "Click runs in the table to see their curves" : `None of the chosen runs has ${metric}${state.by === "step" ? "" : ` over ${state.by}`}`;
    svg.append(makeSvg("text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, text));
  }

  function drawAxes(xAxis, yAxis, width, height) {
    for (const value of ticksOf(yAxis, 6)) {
      const y = yAxis.at(value);
      svg.append(makeSvg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
        makeSvg("text", { x: MARGIN.left - 7, y: y + 4, "text-anchor": "end" }, tickText(value)));
    }
    const [unit, name] = state.by === "time" ? timeUnit(xAxis.high) : [1, state.by];
    const scaled = { ...xAxis, low: xAxis.low / unit, high: xAxis.high / unit };
    for (const value of ticksOf(scaled, Math.max(2, Math.floor(width / 90)))) {
      const x = xAxis.at(value * unit);
      if (x > width - MARGIN.right + 1) continue;
      svg.append(makeSvg("line", { class: "axis", x1: x, x2: x, y1: height - MARGIN.bottom, y2: height - MARGIN.bottom + 4 }),
        makeSvg("text", { x, y: height - MARGIN.bottom + 16, "text-anchor": "middle" }, tickText(value)));
    }
    svg.append(makeSvg("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: height - MARGIN.bottom, y2: height - MARGIN.bottom }),
      makeSvg("text", { x: width - MARGIN.right, y: height - 3, "text-anchor": "end" }, name));
  }

  const placeOf = (event) => {
    const box = svg.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * drawn.width, ((event.clientY - box.top) / box.height) * drawn.height];
  };

  function hover(event) {
    if (!drawn) return;
    const [x, y] = placeOf(event);
    svg.querySelectorAll(".cross, .brush").forEach((each) => each.remove());
    if (pressed !== null && Math.abs(x - pressed) > 4) {
      svg.append(makeSvg("rect", { class: "brush", x: Math.min(x, pressed), width: Math.abs(x - pressed), y: MARGIN.top, height: drawn.height - MARGIN.top - MARGIN.bottom }));
      return hideTip();
    }
    const told = drawn.curves.map((curve) => nearestPoint(curve, x)).filter(Boolean);
    if (!told.length || x < MARGIN.left - 10) return leave();
    told.sort((a, b) => Math.abs(a.py - y) - Math.abs(b.py - y));
    const near = told[0];
    svg.classList.add("hovering");
    drawn.paths.forEach((path, run) => path.classList.toggle("near", run === near.run));
    svg.append(makeSvg("line", { class: "cross", x1: near.px, x2: near.px, y1: MARGIN.top, y2: drawn.height - MARGIN.bottom }),
      makeSvg("circle", { class: "cross", cx: near.px, cy: near.py, r: 4, fill: colourOf(near.run), stroke: "none" }));
    const shown = told.slice(0, MOST_TOLD).sort((a, b) => a.py - b.py);
    const [unit, name] = state.by === "time" ? timeUnit(drawn.xAxis.high) : [1, state.by];
    showTip(event, make("div", {},
      make("div", { class: "faint" }, `${name} ${numberText(Number((near.x / unit).toPrecision(6)))}`),
      make("table", {}, shown.map((each) => make("tr", { class: each.run === near.run ? "near" : null },
        make("td", {}, swatch(each.run), labelOf(each.run)), make("td", {}, metricText(each.y))))),
      told.length > shown.length ? make("div", { class: "faint" }, `${told.length - shown.length} more`) : null));
  }

  function nearestPoint(curve, px) {
    let best = null;
    const far = Math.max(12, (drawn.width - MARGIN.left) / 40);
    curve.x.forEach((x, place) => {
      const y = curve.y[place];
      if (!Number.isFinite(y) || (drawn.yAxis.log && y <= 0)) return;
      const distance = Math.abs(drawn.xAxis.at(x) - px);
      if (!best || distance < best.distance) best = { run: curve.run, x, y, distance };
    });
    const beyond = best && best.distance > far && (px > drawn.xAxis.at(curve.x[curve.x.length - 1]) || px < drawn.xAxis.at(curve.x[0]));
    return best && !beyond ? { ...best, px: drawn.xAxis.at(best.x), py: drawn.yAxis.at(best.y) } : null;
  }

  function leave() {
    svg.classList.remove("hovering");
    svg.querySelectorAll(".cross, .brush").forEach((each) => each.remove());
    hideTip();
  }

  function release(event) {
    if (pressed === null || !drawn) return;
    const [x] = placeOf(event);
    const dragged = Math.abs(x - pressed) > 4;
    const ends = [drawn.xAxis.back(Math.min(x, pressed)), drawn.xAxis.back(Math.max(x, pressed))];
    pressed = null;
    if (dragged) { zoom = ends; leave(); draw(); return; }
    const near = [...drawn.paths].find(([, path]) => path.classList.contains("near"));
    if (near) showDetails(near[0]);
  }

  svg.addEventListener("pointermove", hover);
  svg.addEventListener("pointerleave", () => { pressed = null; leave(); });
  svg.addEventListener("pointerdown", (event) => { if (drawn && event.button === 0) [pressed] = placeOf(event); });
  svg.addEventListener("pointerup", release);
  svg.addEventListener("dblclick", () => { zoom = null; draw(); });
  return { card, draw, forget: () => { zoom = null; } };
}

let svgCount = 0;
