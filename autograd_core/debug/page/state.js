// What a trace knows, and where in it one stands: the gradients so far are read off the stored steps, forwards and
// backwards alike. No document is touched here.

const KINDS = {
  forward: "Forward: an op is computed",
  seed: "The seed: the backward pass begins",
  edge: "Backward: along one edge",
  sum: "Backward: contributions meet",
  hook: "Backward: a hook sees the gradient",
  skip: "Many steps, taken together",
};

class Trace {
  constructor(data) {
    Object.assign(this, { data, nodes: data.nodes, steps: data.steps, position: 0, id: Trace.made = (Trace.made || 0) + 1 });
    this.breakpoints = (data.breakpoints || []).map((b) => ({ ...b }));
    // When each node's gradient changed, into what, and how many contributions had then arrived.
    this.moments = this.nodes.map(() => ({ at: [], gradient: [], arrived: [] }));
    this.computedAt = this.nodes.map((node) => (node.op ? Infinity : 0));
    this.seedAt = Infinity;
    this.steps.forEach((step, k) => this.learn(step, k + 1));
  }

  learn(step, at) {
    const change = (node, gradient, arrives) => {
      const m = this.moments[node];
      m.arrived.push((m.arrived.at(-1) || 0) + arrives);
      m.at.push(at);
      m.gradient.push(gradient);
    };
    if (step.kind === "forward") this.computedAt[step.node] = at;
    else if (step.kind === "seed") change(step.node, step.gradient, 1);
    else if (step.kind === "hook") change(step.node, step.gradient, 0);
    else if (step.kind === "sum") change(step.x, step.gradient, 1);
    else if (step.kind === "edge") { if (!this.moments[step.x].at.length) change(step.x, step.contribution, 1); } // others wait for their sum
    else for (const [node, gradient, arrives] of step.changes) change(node, gradient, arrives);
    if (step.kind === "seed") this.seedAt = at;
  }

  get length() { return this.steps.length; }
  get current() { return this.position ? this.steps[this.position - 1] : null; }

  // The position in the Session's own count: the same, unless steps were left out of the page.
  sessionPosition(position = this.position) {
    return position ? (this.steps[position - 1].end ?? position) : 0;
  }

  positionOf(sessionPosition) {
    let low = 0, high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sessionPosition(middle) < sessionPosition) low = middle + 1; else high = middle;
    }
    return low;
  }

  // Whose gradient a step is about, or null.
  receiver(step) { return step.kind === "forward" || step.kind === "skip" ? null : this.target(step); }

  computed(node, position = this.position) { return this.computedAt[node] <= position; }

  value(node) { return this.nodes[node].value; }

  // The gradient so far; undefined before anything has arrived.
  gradient(node, position = this.position) {
    const { at, gradient } = this.moments[node];
    return gradient[countUpTo(at, position) - 1];
  }

  // How many contributions are still to come.
  missing(node, position = this.position) {
    const { at, arrived } = this.moments[node];
    return this.nodes[node].contributions - (arrived[countUpTo(at, position) - 1] || 0);
  }

  // --- moving -----------------------------------------------------------------------------------------------------

  goto(position) {
    this.position = Math.max(0, Math.min(this.length, Math.trunc(position) || 0));
    return this.position;
  }

  // Whether two steps belong to the same op in the same direction: `next` takes them together.
  together(a, b) { return a.kind !== "skip" && a.node === b.node && (a.kind === "forward") === (b.kind === "forward"); }

  move(how) {
    const { position, length, steps } = this;
    let at = position;
    if (how === "first") at = 0;
    else if (how === "last") at = length;
    else if (how === "step") at += 1;
    else if (how === "reverse-step") at -= 1;
    else if (how === "next") {
      at += 1;
      while (at < length && this.together(steps[at - 1], steps[at])) at += 1;
    } else if (how === "reverse-next") {
      at -= 1;
      while (at > 0 && this.together(steps[at - 1], steps[at])) at -= 1;
    } else if (how === "continue") {
      do at += 1; while (at < length && !this.stopsAt(at));
    } else if (how === "reverse-continue") {
      do at -= 1; while (at > 0 && !this.stopsAt(at));
    }
    return this.goto(at);
  }

  // --- breakpoints, as a Session's -------------------------------------------------------------------------------

  // The breakpoint that stops at a position, or null. None stops within steps that are taken together.
  stopsAt(position) {
    const step = this.steps[position - 1];
    if (!step || step.kind === "skip") return null;
    return this.breakpoints.find((b) => b.on !== false && this.holds(b, step, position)) || null;
  }

  holds({ kind, what, when = "always", than }, step, position) {
    if (!this.concerns(kind, what, step)) return false;
    const target = this.target(step);
    if (when === "always") {
      if (kind === "name") return true;
      if (step.kind !== "forward" && step.kind !== "edge") return false;
      const before = this.steps[position - 2]; // a module or a line: on entering
      return kind === "op" || !before || before.kind === "skip" || !this.concerns(kind, what, before) || (before.kind === "forward") !== (step.kind === "forward");
    }
    if (when.includes("value")) return this.computed(target, position) && test(when, than, this.value(target));
    return step.kind !== "forward" && test(when, than, this.gradient(target, position));
  }

  concerns(kind, what, step) {
    const acting = this.nodes[step.node];
    if (kind === "name") return this.nodes[this.target(step)].name === what;
    if (kind === "op") return acting.op === what;
    if (kind === "module") return within(acting.module, what);
    if (kind === "line") return acting.line === what;
    return true;
  }

  // The node that is lit: whose rule is read, or where contributions meet.
  lit(step) { return step.kind === "sum" ? step.x : step.node; }

  // The node that a step happens to.
  target(step) { return step.x ?? step.node; }

  // The breakpoint on a node by its name, or null.
  breakpointOn(node) {
    const name = this.nodes[node].name;
    return this.breakpoints.find((b) => b.kind === "name" && b.what === name && (b.when || "always") === "always") || null;
  }

  toggle(node) {
    const there = this.breakpointOn(node);
    if (there) this.breakpoints = this.breakpoints.filter((b) => b !== there);
    else this.breakpoints.push({ kind: "name", what: this.nodes[node].name, when: "always" });
    return !there;
  }
}

// Conditions on what is stored, in the words of the terminal's.
const CONDITIONS = ["always", "isnan(grad)", "isinf(grad)", "all(grad == 0)", "norm(grad) >", "norm(grad) <", "isnan(value)", "isinf(value)", "all(value == 0)", "norm(value) >", "norm(value) <"];

function within(module, path) { return module === path || (!!module && module.startsWith(path + ".")); }

// Whether stored numbers meet a condition.
function test(when, than, stored) {
  if (stored === undefined || stored === null) return false;
  const { nan, inf, zero, norm, size } = measure(stored);
  if (when.startsWith("isnan")) return nan > 0;
  if (when.startsWith("isinf")) return inf > 0;
  if (when.startsWith("all")) return zero === size;
  return when.endsWith(">") ? norm > than : norm < than;
}

// Counts and norm of stored numbers: those of an array come with it, those of one number are worked out.
function measure(stored) {
  if (typeof stored === "object") {
    return { ...stored, norm: Number(stored.norm), size: stored.shape.reduce((a, b) => a * b, 1) };
  }
  const x = Number(stored);
  return { nan: Number.isNaN(x) ? 1 : 0, inf: Math.abs(x) === Infinity ? 1 : 0, zero: x === 0 ? 1 : 0, norm: Math.abs(x), size: 1 };
}

function countUpTo(sorted, position) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= position) low = middle + 1; else high = middle;
  }
  return low;
}

// --- how numbers are written --------------------------------------------------------------------------------------

// One number: in full (the shortest that reads back the same), or in some digits. NaN and infinities come as words.
function number(x, digits) {
  if (typeof x === "boolean") return String(x);
  const n = Number(x);
  if (Number.isNaN(n)) return "NaN";
  if (!Number.isFinite(n)) return n > 0 ? "∞" : "−∞";
  if (Object.is(n, -0)) return "−0";
  const text = digits === undefined ? String(x) : String(Number(n.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

function shape(stored) {
  return stored !== null && typeof stored === "object" ? stored.shape.join("×") || "()" : "";
}

// Stored numbers in a few characters, for the graph: a gradient has the shape of its value.
function brief(stored, shaped = false) {
  if (stored === undefined || stored === null) return "";
  if (typeof stored !== "object") return number(stored, 4);
  const what = stored.nan ? `${stored.nan} NaN` : stored.inf ? `${stored.inf} ∞` : `‖${number(stored.norm, 3)}‖`;
  return shaped ? `[${shape(stored)}] ${what}` : what;
}

// Stored numbers in a line: a number exactly, an array by its statistics.
function full(stored) {
  if (stored === undefined || stored === null) return "";
  if (typeof stored !== "object") return number(stored);
  return [`[${shape(stored)}]`, ...(stored.min === null ? [] : [spread(stored), `mean ${number(stored.mean, 4)}`, `norm ${number(stored.norm, 4)}`]), ...oddities(stored)].join(", ");
}

// The same without what the table has a column for.
function short(stored) {
  if (stored === undefined || stored === null || typeof stored !== "object") return full(stored);
  return [...(stored.min === null ? ["nothing finite"] : [spread(stored), `norm ${number(stored.norm, 4)}`]), ...oddities(stored)].join(", ");
}

function spread(stored) { return `${number(stored.min, 4)} … ${number(stored.max, 4)}`; }

function oddities(stored) {
  return [["nan", "NaN"], ["inf", "infinite"], ["zero", "zero"]].filter(([key]) => stored[key]).map(([key, word]) => `${stored[key]} ${word}`);
}

// The stored corner of an array, as rows of text.
function corner(stored) {
  const rows = (numbers) => Array.isArray(numbers[0]) && Array.isArray(numbers[0][0]) ? numbers.flatMap(rows) : Array.isArray(numbers[0]) ? numbers : [numbers];
  const cut = stored.cut ? ["…"] : [];
  return rows(stored.slice).map((row) => [...row.map((x) => number(x, 4)), ...cut]);
}
