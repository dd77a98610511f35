// The graph: pictures that were laid out beforehand, one of the whole and one of the inside of each fold. The boxes'
// numbers, what is lit and what is still to come follow the position.

const SVG = "http://www.w3.org/2000/svg";

class GraphView {
  // host: where the drawing stands. acts: toggle(node), open(picture id), said to whoever holds the trace.
  constructor(trace, host, acts) {
    Object.assign(this, { trace, host, acts, scale: 1 });
    this.edgeStep = new Map(trace.steps.flatMap((step, k) => step.kind === "edge" ? [[step.node + "." + step.i, k]] : []));
    this.show("");
  }

  show(id) {
    this.id = id;
    this.picture = this.trace.data.pictures[id];
    const { width, height, boxes, edges, frames = [] } = this.picture;
    this.svg = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Computational graph, from the inputs to the result", class: "graph" });
    const defs = svg("defs");
    for (const kind of ["", "lit"]) {
      const marker = svg("marker", { id: "tip" + kind + this.trace.id, viewBox: "0 0 8 8", refX: 7.5, refY: 4, markerWidth: kind ? 11 : 8, markerHeight: kind ? 11 : 8, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse", class: "tip " + kind });
      marker.append(svg("path", { d: "M0 0.6 L7.5 4 L0 7.4 z" }));
      defs.append(marker);
    }
    this.svg.append(defs);
    for (const frame of frames) {
      const g = svg("g", { class: "frame" });
      g.append(svg("rect", { x: frame.x, y: frame.y, width: frame.w, height: frame.h, rx: 10 }), line(frame.x + 10, frame.y + 16, "label", frame.label, "start"));
      this.svg.append(g);
    }
    this.edges = edges.map((edge) => this.drawEdge(edge));
    this.boxes = boxes.map((box) => this.drawBox(box));
    this.edges.forEach(({ text }) => this.svg.append(text)); // over everything
    this.boxAt = new Map();
    this.boxes.forEach((b) => b.box.nodes.forEach((node) => this.boxAt.set(node, b)));
    this.host.replaceChildren(this.svg);
    const first = this.boxes.find((b) => b.box.kind === "result") || this.boxes[0];
    if (first) first.g.setAttribute("tabindex", "0");
    this.fit();
    this.update();
  }

  drawEdge(edge) {
    const g = svg("g", { class: "edge", "data-id": edge.id });
    const path = svg("path", { d: edge.path });
    const text = line(edge.x, edge.y, "contribution", "", edge.anchor || "middle");
    g.append(path);
    this.svg.append(g);
    return { edge, g, path, text };
  }

  drawBox(box) {
    const g = svg("g", { class: "box " + box.kind, role: "button", tabindex: "-1", "data-id": box.id });
    const title = svg("title");
    const rect = svg("rect", { x: box.x, y: box.y, width: box.w, height: box.h, rx: box.kind === "leaf" ? Math.min(box.h / 2, 14) : 6 });
    const lines = box.lines.length ? box.lines : [["name", box.title]];
    const isNode = box.node !== undefined;
    const rows = isNode ? [["name", lines[0][1]], ["value", ""], ["gradient", ""]] : [...lines.slice(0, 2), ...(box.nodes.length ? [["gradient", ""]] : [])];
    const gap = Math.min(18, (box.h - 6) / rows.length);
    const top = box.y + box.h / 2 - (gap * (rows.length - 1)) / 2 + 4.5;
    const texts = rows.map(([kind, text], k) => line(box.x + box.w / 2, top + k * gap, kind, text, "middle"));
    const dot = svg("circle", { cx: box.x, cy: box.y, r: 6, class: "breakpoint" });
    g.append(title, rect, ...texts, dot);
    const act = () => (isNode ? this.acts.toggle(box.node) : box.opens !== undefined && this.acts.open(box.opens));
    g.addEventListener("click", act);
    g.addEventListener("keydown", (event) => {
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.key === "Enter" || event.key === " ") act();
      else if (ways[event.key]) this.neighbour(box, ...ways[event.key]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    g.addEventListener("focus", () => this.only(g));
    this.svg.append(g);
    return { box, g, title, texts, isNode };
  }

  // One box at a time can be reached by Tab; the arrows lead on from it.
  only(g) {
    for (const b of this.boxes) b.g.setAttribute("tabindex", b.g === g ? "0" : "-1");
  }

  neighbour(from, dx, dy) {
    const middle = (b) => [b.x + b.w / 2, b.y + b.h / 2];
    const [x, y] = middle(from);
    let best = null, least = Infinity;
    for (const b of this.boxes) {
      const [bx, by] = middle(b.box);
      const ahead = (bx - x) * dx + (by - y) * dy;
      const aside = Math.abs((bx - x) * dy) + Math.abs((by - y) * dx);
      if (b.box !== from && ahead > 1 && ahead + 2 * aside < least) [best, least] = [b, ahead + 2 * aside];
    }
    if (best) {
      best.g.focus({ preventScroll: true });
      best.g.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  // --- what follows the position ----------------------------------------------------------------------------------

  update() {
    const { trace } = this;
    const step = trace.current;
    for (const b of this.boxes) this.updateBox(b, step);
    for (const e of this.edges) this.updateEdge(e, step);
  }

  updateBox(b, step) {
    const { trace } = this;
    const { box, g, texts, title, isNode } = b;
    const lit = !!step && (step.kind === "skip" ? inFold(box.fold, step.fold) : box.nodes.includes(trace.lit(step)));
    const receives = !!step && step.kind === "edge" && box.nodes.includes(step.x);
    g.classList.toggle("current", lit);
    g.classList.toggle("receives", receives && !lit);
    let words;
    if (isNode) {
      const node = box.node, { name, op } = trace.nodes[node];
      const computed = trace.computed(node), gradient = trace.gradient(node), missing = trace.missing(node);
      const began = trace.position > trace.seedAt;
      squeeze(texts[1], computed ? brief(trace.value(node), true) : "not yet computed", box.w - 10);
      squeeze(texts[2], gradient === undefined ? "" : "∂ " + brief(gradient) + (missing ? ` (+${missing})` : ""), box.w - 10);
      g.classList.toggle("future", !computed);
      const held = !!trace.breakpointOn(node);
      g.classList.toggle("held", held);
      g.setAttribute("aria-pressed", String(held));
      words = [`${name}, ${op || "leaf"}`, computed ? "value " + full(trace.value(node)) : "not yet computed",
        gradient === undefined ? (began ? "no gradient yet" : "") : "gradient so far " + full(gradient),
        missing && began ? `${missing} still missing` : "", held ? "breakpoint set" : ""];
    } else {
      const complete = box.nodes.filter((n) => trace.gradient(n) !== undefined && !trace.missing(n)).length;
      if (box.nodes.length) put(texts[texts.length - 1], complete ? `∂ of ${complete} in ${box.nodes.length}` : "");
      words = [box.title, box.kind === "fold" ? (box.opens === undefined ? "left out of this page" : "press to look inside") : "", lit ? "the current step is in here" : ""];
    }
    const label = words.filter(Boolean).join("; ");
    put(title, label);
    g.setAttribute("aria-label", label);
  }

  updateEdge({ edge, g, path, text }, step) {
    const { trace } = this;
    const done = edge.members.map(([node, i]) => this.edgeStep.get(node + "." + i)).filter((k) => k !== undefined && k < trace.position);
    const lit = !!step && (step.kind === "edge" || step.kind === "sum") && edge.members.some(([node, i]) => node === step.node && i === step.i);
    g.classList.toggle("current", lit);
    g.classList.toggle("passed", done.length > 0);
    const tip = lit ? "url(#tiplit" + trace.id + ")" : "url(#tip" + trace.id + ")";
    path.setAttribute(done.length ? "marker-start" : "marker-end", tip); // the gradient runs back along the edge
    path.removeAttribute(done.length ? "marker-end" : "marker-start");
    const what = done.map((k) => brief(trace.steps[k].contribution));
    put(text, what.length > 2 ? `${what.length} contributions` : what.join(", "));
    text.classList.toggle("current", lit);
  }

  // --- size ---------------------------------------------------------------------------------------------------------

  // All of it, if it can then be read; else as wide as there is room for, but readable.
  fit() {
    const room = (this.host.clientWidth || 800) - 26, high = (this.host.ownerDocument.defaultView.innerHeight || 800) * 0.56;
    const least = room < 600 ? 0.85 : 0.7;
    const whole = Math.min(1.15, room / this.picture.width, high / this.picture.height);
    this.zoom(whole >= least ? whole : Math.max(least, Math.min(1, room / this.picture.width)));
  }

  zoom(scale) {
    this.scale = Math.max(0.2, Math.min(3, scale));
    this.svg.setAttribute("width", Math.round(this.picture.width * this.scale));
    this.svg.setAttribute("height", Math.round(this.picture.height * this.scale));
  }

  // Bring the current box into sight, without moving the page.
  follow() {
    const lit = this.svg.querySelector(".edge.current path, .box.current rect");
    if (!lit) return;
    const at = lit.getBoundingClientRect(), frame = this.host.getBoundingClientRect();
    const off = (low, high, least, most) => (low < least ? low - least - 24 : high > most ? Math.min(high - most + 24, low - least - 24) : 0);
    this.host.scrollLeft += off(at.left, at.right, frame.left, frame.right);
    this.host.scrollTop += off(at.top, at.bottom, frame.top, frame.bottom);
  }
}

// Whether a box's fold and the fold of a step lie one within the other.
function inFold(fold, other) {
  if (fold === undefined || other === undefined) return false;
  return fold === other || fold.startsWith(other + ".") || other.startsWith(fold + ".") || other === "";
}

function svg(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function line(x, y, kind, text, anchor) {
  const element = svg("text", { x, y, class: kind, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Text that is made to fit: letters are about half as wide as high.
function squeeze(element, text, room) {
  put(element, text);
  if (text.length * 6.4 > room) {
    element.setAttribute("textLength", room);
    element.setAttribute("lengthAdjust", "spacingAndGlyphs");
  } else element.removeAttribute("textLength");
}
