// The panels beside the graph: what the current step does, the table of nodes, the breakpoints, all steps in words.

// An element: tag, properties ("class", "aria-…", on… as in HTML), children. Text is always text, never markup.
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATH_TAGS = new Set("math mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mpadded mphantom mstyle menclose semantics".split(" "));
const MATH_ATTRIBUTES = new Set("display mathvariant stretchy fence separator lspace rspace form accent accentunder columnalign rowspacing columnspacing linethickness width scriptlevel displaystyle class dir".split(" "));

// Formulas come as MathML text. They are built anew from the elements known to be formulas, so that no name in them
// can become anything else; what is a gradient gets its colour.
function formula(text) {
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  if (!text || parsed.querySelector("parsererror")) return null;
  const build = (node) => {
    if (node.nodeType === 3) return document.createTextNode(node.data);
    if (node.nodeType !== 1) return null;
    if (!MATH_TAGS.has(node.localName)) return document.createTextNode(node.localName.startsWith("annotation") ? "" : node.textContent);
    const element = document.createElementNS(MATHML, node.localName);
    for (const { name, value } of node.attributes) if (MATH_ATTRIBUTES.has(name)) element.setAttribute(name, value);
    if (node.localName === "mfrac" && node.textContent.trim().startsWith("∂")) element.setAttribute("class", "gradient");
    element.append(...[...node.childNodes].map(build).filter(Boolean));
    return element;
  };
  const math = build(parsed.documentElement);
  if (math.nodeType !== 1) return null;
  math.setAttribute("display", "block");
  return aligned(math);
}

// A chain of equations, one below the other at the sign of equality, as in a textbook.
function aligned(math) {
  let row = math;
  while (row.children.length === 1 && ["mrow", "mstyle", "semantics"].includes(row.firstElementChild.localName)) row = row.firstElementChild;
  const parts = [[]], signs = [];
  for (const child of [...row.children]) {
    const sign = child.localName === "mo" ? child.textContent.trim() : "";
    if (!["=", "+=", "≈"].includes(sign)) { parts.at(-1).push(child); continue; }
    const plus = sign === "=" && parts.at(-1).at(-1)?.textContent.trim() === "+" ? parts.at(-1).pop() : null; // += may come as two signs
    signs.push(plus ? "+=" : sign);
    parts.push([]);
  }
  if (signs.length < 2) return math;
  const make = (tag, ...children) => { const element = document.createElementNS(MATHML, tag); element.append(...children); return element; };
  const table = make("mtable", ...signs.map((sign, k) => make("mtr", make("mtd", ...(k ? [] : parts[0])), make("mtd", make("mo", sign)), make("mtd", ...parts[k + 1]))));
  table.setAttribute("class", "chain");
  row.replaceChildren(table);
  return math;
}

// Stored numbers for reading: a number exactly, an array by shape, statistics and a corner of it.
function numbers(stored, kind) {
  if (stored === undefined || stored === null) return h("span", { class: "none" }, "—");
  if (typeof stored !== "object") return h("span", { class: "number " + kind }, number(stored));
  const rows = corner(stored);
  const table = rows.length && stored.slice.length ? h("table", { class: "corner " + kind, "aria-label": `a corner of the array, shape ${shape(stored)}` },
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((x) => h("td", {}, x)))), stored.more ? h("tr", {}, h("td", { colspan: rows[0].length }, "⋮")) : "")) : "";
  return h("div", { class: "array" }, h("span", { class: "number " + kind }, full(stored)), table);
}

class StepPanel {
  constructor(trace) {
    this.trace = trace;
    this.element = h("section", { class: "step-panel", "aria-label": "The current step" });
  }

  update() {
    const { trace } = this;
    const step = trace.current;
    const where = `Step ${trace.position} of ${trace.length}`;
    if (!step) {
      this.element.replaceChildren(h("h2", {}, "Before the first step"),
        h("p", { class: "words" }, `${trace.steps.length} steps stand ready: each op forward, the seed, then each edge of the graph backward. Press `,
          h("kbd", {}, "s"), " for the first one, ", h("kbd", {}, "?"), " for all keys."));
      return;
    }
    const { mathml, words, text } = step.explain || {};
    const parts = [h("p", { class: "where" }, where), h("h2", {}, KINDS[step.kind] || step.kind)];
    const math = mathml && formula(mathml);
    if (math) parts.push(h("div", { class: "formula", tabindex: "0", role: "group", "aria-label": "The formula of this step" }, math));
    if (words) parts.push(h("p", { class: "words" }, words));
    if (text) parts.push(h("p", { class: "text" }, text));
    parts.push(this.facts(step));
    this.element.replaceChildren(...parts);
  }

  facts(step) {
    const { trace } = this, { nodes } = trace;
    const list = h("dl", { class: "facts" });
    const fact = (what, value) => list.append(h("div", { class: value.className === "array" ? "tall" : null }, h("dt", {}, what), h("dd", {}, value)));
    const name = (k) => nodes[k].name;
    const d = (k) => `∂${name(trace.data.loss)}/∂${name(k)}`;
    if (step.kind === "forward") fact(name(step.node), numbers(trace.value(step.node), "value"));
    if (step.kind === "edge" && step.node !== null && step.node !== undefined) fact(`${d(step.node)}, arriving`, numbers(trace.gradient(step.node), "gradient"));
    if (step.kind === "edge") fact(`contributes to ${d(step.x)}`, numbers(step.contribution, "gradient"));
    const receives = trace.receiver(step);
    if (receives !== null) {
      fact(`${d(receives)}, so far`, numbers(trace.gradient(receives), "gradient"));
      const missing = trace.missing(receives);
      fact("still missing", missing === 0 ? "nothing" : `${missing} contribution${missing === 1 ? "" : "s"}`);
    }
    if (step.kind === "skip") fact("left out", `${step.count} steps${step.label ? " in " + step.label : ""}`);
    const at = nodes[trace.lit(step)];
    if (at && at.module) fact("module", at.module);
    if (at && at.line) fact("line", at.line);
    return list;
  }
}

class NodeTable {
  constructor(trace, acts) {
    Object.assign(this, { trace, acts, query: "" });
    this.count = h("p", { class: "count", role: "status" });
    this.search = h("input", { type: "search", "aria-label": "Search nodes by name, op or module", "aria-keyshortcuts": "/", placeholder: "name, op or module", oninput: () => this.filter() });
    const any = (of) => trace.nodes.some(of);
    this.has = { shape: any((n) => shape(n.value)), module: any((n) => n.module), line: any((n) => n.line) }; // no empty columns
    this.rows = trace.nodes.map((node, k) => this.row(node, k));
    const columns = ["breakpoint", "name", "op", "shape", "value", "gradient so far", "still missing", "module", "line"].filter((c) => this.has[c] !== false);
    const head = h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col" }, c === "breakpoint" ? h("span", { class: "unseen" }, c) : c))));
    const table = h("table", { class: "nodes" }, h("caption", { class: "unseen" }, "Every node with its numbers at the current position"), head, h("tbody", {}, this.rows.map((r) => r.tr)));
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Table of nodes" }, table);
    this.element = h("section", { class: "node-panel", "aria-label": "Nodes" },
      h("header", {}, h("h2", {}, "Nodes"), this.search, this.count), this.scroller);
    this.filter();
  }

  row(node, k) {
    const button = h("button", { type: "button", class: "dot", "aria-pressed": "false", "aria-label": `Breakpoint on ${node.name}`, onclick: () => this.acts.toggle(k) });
    const value = h("td", { class: "number value" }), gradient = h("td", { class: "number gradient" }), missing = h("td", { class: "number" });
    const cell = (what, kind) => (this.has[kind] ? h("td", { class: kind === "shape" ? "number" : null }, what) : null);
    const tr = h("tr", {}, h("td", {}, button), h("th", { scope: "row" }, node.name), h("td", {}, node.op || "leaf"), cell(shape(node.value) || "()", "shape"),
      value, gradient, missing, cell(node.module, "module"), cell(node.line, "line"));
    return { tr, button, value, gradient, missing, text: [node.name, node.op || "leaf", node.module || ""].join(" ").toLowerCase() };
  }

  filter() {
    const wanted = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of this.rows) {
      row.tr.hidden = !wanted.every((word) => row.text.includes(word));
      shown += !row.tr.hidden;
    }
    const left = this.trace.data.left_out ? `, ${this.trace.data.left_out.nodes} more left out` : "";
    put(this.count, wanted.length ? `${shown} of ${this.rows.length} nodes` : `${this.rows.length} nodes${left}`);
  }

  update() {
    const { trace } = this, step = trace.current;
    const began = trace.position > trace.seedAt;
    this.rows.forEach((row, k) => {
      const gradient = trace.gradient(k), missing = trace.missing(k);
      put(row.value, trace.computed(k) ? short(trace.value(k)) : "—");
      put(row.gradient, gradient === undefined ? "—" : short(gradient));
      put(row.missing, began ? String(missing) : "—");
      const held = !!trace.breakpointOn(k);
      if (row.held !== held) row.button.setAttribute("aria-pressed", String((row.held = held)));
      const current = !!step && trace.lit(step) === k, receives = !!step && step.x === k;
      row.tr.classList.toggle("current", current);
      row.tr.classList.toggle("receives", receives && !current);
      if (current) row.tr.setAttribute("aria-current", "step"); else row.tr.removeAttribute("aria-current");
    });
  }

  follow() {
    const step = this.trace.current;
    const tr = step && this.rows[this.trace.receiver(step) ?? step.node]?.tr;
    if (!tr || tr.hidden) return;
    const at = tr.getBoundingClientRect(), frame = this.scroller.getBoundingClientRect();
    if (at.top < frame.top + 40) this.scroller.scrollTop += at.top - frame.top - 40;
    else if (at.bottom > frame.bottom) this.scroller.scrollTop += at.bottom - frame.bottom + 8;
  }
}

class BreakpointPanel {
  constructor(trace, changed) {
    Object.assign(this, { trace, changed });
    const id = (what) => `${what}-${trace.id}`;
    const options = (pairs) => pairs.map(([value, text]) => h("option", { value }, text));
    this.kind = h("select", { id: id("kind") }, options([["any", "any node"], ["name", "the node"], ["op", "the op"], ["module", "the module"], ["line", "the line"]]));
    this.what = h("input", { id: id("what"), type: "text", list: id("names"), autocomplete: "off", spellcheck: "false", disabled: true });
    this.when = h("select", { id: id("when") }, options(CONDITIONS.map((c) => [c, c])));
    this.than = h("input", { id: id("than"), type: "text", inputmode: "decimal", value: "1", disabled: true });
    this.names = h("datalist", { id: id("names") });
    this.kind.addEventListener("change", () => this.choices());
    this.when.addEventListener("change", () => { this.than.disabled = !/[<>]$/.test(this.when.value); });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.list = h("ul", { class: "breakpoints" });
    const field = (label, input) => h("div", {}, h("label", { for: input.id }, label), input);
    const form = h("form", { onsubmit: (event) => { event.preventDefault(); this.add(); } },
      field("at", this.kind), field("called", this.what), field("when", this.when), field("than", this.than),
      h("button", { type: "submit" }, "Add breakpoint"), this.names);
    this.element = h("section", { class: "breakpoint-panel", "aria-label": "Breakpoints" },
      h("header", {}, h("h2", {}, "Breakpoints")), h("p", { class: "hint" }, "Continue stops here. A click on a node of the graph sets one, too."), this.list, form, this.problem);
  }

  choices() {
    const { nodes } = this.trace, kind = this.kind.value;
    this.what.disabled = kind === "any";
    if (kind === "any") this.what.value = "";
    const known = nodes.map((n) => n[kind]);
    this.known = [...new Set(known.filter(Boolean))];
    this.names.replaceChildren(...this.known.slice(0, 500).map((value) => h("option", { value })));
  }

  add() {
    const kind = this.kind.value, what = this.what.value.trim(), when = this.when.value, than = this.than.value.trim();
    this.problem.textContent = "";
    if (kind !== "any") this.choices();
    if (kind !== "any" && !this.known.some((known) => known === what || (kind === "module" && within(known, what)))) {
      this.problem.textContent = `There is no ${kind === "name" ? "node" : kind} called “${what}” here. It could be ${this.known.slice(0, 5).join(", ") || "nothing: none is known"}.`;
      return this.what.focus();
    }
    if (!this.than.disabled && (than === "" || Number.isNaN(Number(than)))) {
      this.problem.textContent = `“${than}” is not a number: write one like 1000 or 1e3.`;
      return this.than.focus();
    }
    if (kind === "any" && when === "always") {
      this.problem.textContent = "That would stop at every step: choose a condition, or a node, op or module.";
      return this.when.focus();
    }
    this.trace.breakpoints.push({ kind, what, when, than: this.than.disabled ? undefined : Number(than) });
    this.changed();
  }

  update() {
    const { trace } = this;
    const stopped = trace.stopsAt(trace.position);
    this.list.replaceChildren(...trace.breakpoints.map((b, k) => {
      const text = spoken(b);
      const on = h("input", { type: "checkbox", "aria-label": `Stop at ${text}`, checked: b.on !== false, onchange: (event) => { b.on = event.target.checked; this.changed(); } });
      const gone = h("button", { type: "button", class: "plain", "aria-label": `Remove the breakpoint at ${text}`, onclick: () => { trace.breakpoints.splice(k, 1); this.changed(); this.what.form.querySelector("button").focus(); } }, "remove");
      return h("li", { class: stopped === b ? "stopped" : null }, h("label", {}, on, h("span", {}, text)), stopped === b ? h("span", { class: "here" }, "stopped here") : "", gone);
    }));
    if (!trace.breakpoints.length) this.list.append(h("li", { class: "none" }, "None so far."));
  }
}

function spoken(b) {
  const at = b.kind === "any" ? "any node" : b.kind === "name" ? b.what : `${b.kind} ${b.what}`;
  const when = b.when && b.when !== "always" ? ` if ${b.when}${b.than === undefined || b.than === null ? "" : " " + b.than}` : "";
  return at + when;
}

// All steps in words, those around the position if there are many.
class Transcript {
  constructor(trace, acts) {
    Object.assign(this, { trace, acts, around: 60 });
    this.list = h("ol", { class: "steps" });
    this.details = h("details", { ontoggle: () => this.update() }, h("summary", {}, h("h2", {}, "All steps")), this.list);
    this.element = h("section", { class: "transcript", "aria-label": "All steps" }, this.details);
  }

  update() {
    if (!this.details.open) return;
    const { trace } = this;
    const first = Math.max(0, Math.min(trace.position - this.around, trace.length - 2 * this.around)), last = Math.min(trace.length, first + 2 * this.around);
    if (this.first !== first) {
      this.first = first;
      this.list.start = first + 1;
      this.items = trace.steps.slice(first, last).map((step, k) => h("li", {}, h("button", { type: "button", class: "plain", onclick: () => this.acts.goto(first + k + 1) }, sentence(trace, first + k + 1))));
      this.list.replaceChildren(...this.items);
    }
    this.items.forEach((item, k) => {
      const here = first + k + 1 === trace.position;
      item.classList.toggle("current", here);
      if (here) item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
      if (here) this.list.scrollTop = item.offsetTop - this.list.clientHeight / 2;
    });
  }
}

// What a position says in one line.
function sentence(trace, position) {
  if (!position) return "before the first step";
  const step = trace.steps[position - 1];
  const { text, words } = step.explain || {};
  if (text || words) return text || words;
  if (step.kind === "skip") return `${step.count} steps${step.label ? " in " + step.label : ""}`;
  const names = [step.node, step.x].filter((k) => k !== null && k !== undefined).map((k) => trace.nodes[k].name);
  return `${step.kind} ${names.reverse().join(" from ")}`;
}
