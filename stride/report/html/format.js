// Values as people read them, and elements of the page; text never becomes markup.

const isMissing = (value) => value === undefined;

function numberText(value) {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace("e+", "e").replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(5)));
}

function metricText(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return valueText(value);
  const size = Math.abs(value);
  if (size && (size >= 1e5 || size < 1e-3)) return value.toExponential(3).replace("e+", "e");
  return size === 0 || (Number.isInteger(value) && size >= 100) ? String(value) : value.toFixed(4);
}

function valueText(value) {
  if (isMissing(value)) return "–";
  if (value === null) return "null";
  if (typeof value === "string") return value === "" ? '""' : value;
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : numberText(value);
  return JSON.stringify(value);
}

function momentText(text) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return String(text);
  const two = (number) => String(number).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

function durationText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${Number(seconds.toPrecision(3))}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d ${two(Math.floor((whole % 86400) / 3600))}h`;
}

const countText = (count) => `${count.toLocaleString("en")} run${count === 1 ? "" : "s"}`;

const find = (id) => document.getElementById(id);

// An element with attributes and children; children that are text become text nodes.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  fillElement(element, attributes, children);
  return element;
}

function makeSvg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fillElement(element, attributes, children);
  return element;
}

function fillElement(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined) continue;
    element.append(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
}
