// Expressions of the filter: `val_loss < 0.1 and (lr in [0.1, 0.01] or note contains "wide")`.
// A comparison with a missing value or nan is neither true nor false, also under `not`.

const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_][\w.\-]*)|(==|!=|<=|>=|[<>=~()[\],-]))/y;
const LITERALS = { true: true, false: false, null: null, none: null, nan: NaN, inf: Infinity };

class ExpressionError extends Error {}

const looksLikeExpression = (text) => /[<>=~]|\b(in|is|contains)\b/.test(text);

function tokensOf(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim()) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new ExpressionError(`what is “${text.slice(at).trim().slice(0, 12)}”?`);
    if (match[1] !== undefined) found.push({ kind: "value", value: Number(match[1]), text: match[1] });
    else if (match[2] !== undefined) found.push({ kind: "value", value: match[2].slice(1, -1).replace(/\\(.)/g, "$1"), text: match[2] });
    else found.push({ kind: match[3] !== undefined ? "word" : "sign", text: match[3] ?? match[4] });
  }
  return found;
}

// A column by its exact key, or by a short name: run field, then metric, then end of a config key.
function findColumn(name) {
  if (columnOf.has(name)) return columnOf.get(name);
  for (const prefix of ["run.", "metric.", "config."]) {
    if (columnOf.has(prefix + name)) return columnOf.get(prefix + name);
  }
  const ending = page.columns.filter((column) => column.group === "config" && column.key.endsWith("." + name));
  if (ending.length > 1) throw new ExpressionError(`${name} may be ${ending.map((column) => column.key.slice(7)).join(" or ")}`);
  return ending[0];
}

// A setting that all runs share has no column, but may be asked for.
function findCommon(name) {
  const key = name.replace(/^config\./, "");
  const keys = Object.keys(page.common).filter((each) => each === key || each.endsWith("." + key));
  return keys.length === 1 ? keys[0] : undefined;
}

// A function of a run that gives true, false, or null where it cannot be told.
function parseExpression(text) {
  const tokens = tokensOf(text);
  let place = 0;
  const peek = (word) => tokens[place] && tokens[place].kind !== "value" && tokens[place].text === word;
  const take = (word) => peek(word) && Boolean(++place);
  const expect = (word) => {
    if (!take(word)) throw new ExpressionError(`“${word}” is missing ${tokens[place] ? `before ${tokens[place].text}` : "at the end"}`);
  };

  function either() {
    const parts = [both()];
    while (take("or")) parts.push(both());
    return parts.length === 1 ? parts[0] : (run) => {
      const found = parts.map((part) => part(run));
      return found.includes(true) ? true : found.includes(null) ? null : false;
    };
  }
  function both() {
    const parts = [negation()];
    while (take("and")) parts.push(negation());
    return parts.length === 1 ? parts[0] : (run) => {
      const found = parts.map((part) => part(run));
      return found.includes(false) ? false : found.includes(null) ? null : true;
    };
  }
  function negation() {
    if (take("not")) {
      const inner = negation();
      return (run) => { const found = inner(run); return found === null ? null : !found; };
    }
    if (take("(")) {
      const inner = either();
      expect(")");
      return inner;
    }
    return comparison();
  }
  function comparison() {
    const left = name();
    if (take("is")) {
      const negated = take("not");
      expect("missing");
      return (run) => (left(run) === undefined) !== Boolean(negated);
    }
    const negated = take("not");
    if (take("in")) {
      const choices = list();
      return (run) => known(left(run), (value) => choices.some((each) => same(value, each)) !== Boolean(negated));
    }
    if (take("contains")) {
      const part = literal();
      return (run) => known(left(run), (value) => turned(contains(value, part), negated));
    }
    if (take("~")) {
      const pattern = patternOf(String(literal()));
      return (run) => known(left(run), (value) => (typeof value === "string" ? pattern.test(value) !== Boolean(negated) : null));
    }
    const sign = tokens[place++];
    const test = sign && sign.kind === "sign" && Object.hasOwn(TESTS, sign.text) && TESTS[sign.text];
    if (!test || negated) throw new ExpressionError(`a comparison such as < or == is missing ${sign ? `before ${sign.text}` : "at the end"}`);
    const right = literal();
    return (run) => known(left(run), (value) => test(value, right));
  }
  function name() {
    const token = tokens[place++];
    if (!token || token.kind !== "word") throw new ExpressionError(`a name is missing ${token ? `before ${token.text}` : "at the end"}`);
    const column = findColumn(token.text);
    if (column) return (run) => cell(column, run);
    const common = findCommon(token.text);
    if (common !== undefined) return () => page.common[common];
    throw new ExpressionError(`no run has ${token.text}`);
  }
  function literal() {
    const minus = take("-");
    const token = tokens[place++];
    if (!token || token.kind === "sign") throw new ExpressionError("a value is missing at the end");
    if (token.kind === "value") return minus ? -token.value : token.value;
    const word = token.text.toLowerCase();
    if (!Object.hasOwn(LITERALS, word)) return token.text;
    return minus ? -LITERALS[word] : LITERALS[word];
  }
  function list() {
    const found = [];
    const close = take("[") ? "]" : (expect("("), ")");
    while (!take(close)) {
      found.push(literal());
      if (!peek(close)) expect(",");
    }
    return found;
  }

  const whole = either();
  if (place < tokens.length) throw new ExpressionError(`${tokens[place].text} is too much`);
  return whole;
}

const known = (value, test) => (value === undefined || Number.isNaN(value) ? null : test(value));
const same = (left, right) => (typeof left === "object" && left !== null ? JSON.stringify(left) === String(right) : left === right);
const turned = (found, negated) => (found === null ? null : found !== Boolean(negated));
const contains = (value, part) => {
  if (Array.isArray(value)) return value.some((each) => same(each, part));
  return typeof value === "string" ? value.includes(String(part)) : null;
};

function patternOf(text) {
  try {
    const folded = text.startsWith("(?i)");
    return new RegExp(folded ? text.slice(4) : text, folded ? "i" : "");
  } catch (error) {
    throw new ExpressionError(`“${text}” is no regular expression`);
  }
}

const ordered = (test) => (left, right) => (typeof left === typeof right && left !== null && right !== null ? test(left, right) : null);
const TESTS = {
  "==": same,
  "=": same,
  "!=": (left, right) => !same(left, right),
  "<": ordered((left, right) => left < right),
  "<=": ordered((left, right) => left <= right),
  ">": ordered((left, right) => left > right),
  ">=": ordered((left, right) => left >= right),
};
