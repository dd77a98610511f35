// The whole: controls, keys, panels, and the one place that moves the position.

const ICONS = {
  first: "M5 4v16M19 5l-7 7 7 7zM12 5l-7 7 7 7z", "reverse-continue": "M20 5l-8 7 8 7zM12 5l-8 7 8 7z", "reverse-next": "M6 5v14M18 5l-9 7 9 7z", "reverse-step": "M16 5l-9 7 9 7z",
  step: "M8 5l9 7-9 7z", next: "M18 5v14M6 5l9 7-9 7z", continue: "M4 5l8 7-8 7zM12 5l8 7-8 7z", last: "M19 4v16M5 5l7 7-7 7zM12 5l7 7-7 7z",
};

// name: what it is called, its key, what it does
const MOVES = [
  ["first", "First", "Home", "go to before the first step"],
  ["reverse-continue", "Reverse continue", "C", "back to the breakpoint before, or the start"],
  ["reverse-next", "Reverse next", "N", "back to where this op began"],
  ["reverse-step", "Reverse step", "S", "back one step"],
  ["step", "Step", "s", "on by one step"],
  ["next", "Next", "n", "on to the end of an op"],
  ["continue", "Continue", "c", "on to the next breakpoint, or the end"],
  ["last", "Last", "End", "go to after the last step"],
];

const KEYS = [
  ["←", "reverse step, too"], ["→", "step, too"], ["g", "go to a step by its number: the slider"], ["b", "breakpoint on the current node, on or off"], ["k", "a new breakpoint by op, module or condition"],
  ["/", "search the nodes"], ["e", "everything in one picture, or the overview"], ["o", "look inside the fold with the current step"], ["u", "up, out of a fold"], ["+", "larger"], ["−", "smaller"], ["0", "fit the graph"],
  ["a", "show all steps in words"], ["t", "theme: as the system, light, dark"], ["?", "this help"],
];

function shortcut(key) { return /^[A-Z]$/.test(key) ? "Shift+" + key : key; }

// Build a trace into an element. Returns { goto(session position), onmove, theme } for a notebook to talk to.
function openTrace(root, data, { whole = false } = {}) {
  const trace = new Trace(data);
  const doc = root.ownerDocument;
  root.classList.add("trace");
  let letters = true;
  const face = { onmove: null };

  // --- the controls --------------------------------------------------------------------------------------------------
  const key = (text) => h("kbd", { "aria-hidden": "true" }, text);
  const icon = (name) => {
    const drawn = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" });
    drawn.append(svg("path", { d: ICONS[name] }));
    return drawn;
  };
  const control = ([name, label, k, what]) => h("button", { type: "button", class: "move", "data-move": name, "aria-label": label, "aria-keyshortcuts": shortcut(k), title: `${label}: ${what} (${k})`, onclick: () => move(name) },
    icon(name), h("span", { class: "label", "aria-hidden": "true" }, label), key(k));
  const moves = MOVES.map(control);
  const slider = h("input", { type: "range", min: 0, max: trace.length, value: 0, step: 1, "aria-label": "Position", "aria-keyshortcuts": "g", oninput: () => goto(Number(slider.value)) });
  slider.style.setProperty("--seed", trace.seedAt === Infinity ? "100%" : `${(100 * (trace.seedAt - 1)) / Math.max(1, trace.length)}%`);
  const place = h("output", { class: "place" });
  const bar = h("div", { class: "bar", role: "group", "aria-label": "Steps" }, h("div", { class: "moves" }, moves), h("div", { class: "slide" }, slider, place));

  const small = (label, text, k, act) => h("button", { type: "button", class: "small", "aria-label": label, title: `${label} (${k})`, "aria-keyshortcuts": shortcut(k), onclick: act }, text);
  const theme = small("Theme: as the system", "Auto", "t", () => turn());
  const help = small("Help and keys", "?", "?", () => openHelp());

  // --- the panels ----------------------------------------------------------------------------------------------------
  const acts = {
    goto: (position) => goto(position),
    toggle: (node) => { const on = trace.toggle(node); say(`Breakpoint on ${trace.nodes[node].name} ${on ? "set" : "removed"}`); render(); },
    open: (id) => look(id),
  };
  const panel = new StepPanel(trace), table = new NodeTable(trace, acts), transcript = new Transcript(trace, acts);
  const breakpoints = new BreakpointPanel(trace, () => render());
  const host = h("div", { class: "graph-host", tabindex: "0", role: "region", "aria-label": "Drawing of the graph, scrollable" });
  const way = h("nav", { class: "way", "aria-label": "Where in the graph" });
  const zooms = [small("Smaller", "−", "-", () => graph.zoom(graph.scale / 1.2)), small("Fit the graph", "Fit", "0", () => graph.fit()), small("Larger", "+", "+", () => graph.zoom(graph.scale * 1.2))];
  const legend = h("p", { class: "legend" }, h("span", { class: "value" }, "value"), h("span", { class: "gradient" }, "∂ gradient so far (+ still missing)"), h("span", { class: "held" }, "breakpoint"));
  const picture = h("section", { class: "graph-panel", "aria-label": "Graph" }, h("header", {}, h("h2", {}, "Graph"), way, h("div", { class: "zooms", role: "group", "aria-label": "Size" }, zooms)), host, legend);
  const status = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
  const notes = [data.error && `The pass ends with step ${trace.length}: ${data.error}`, data.left_out && data.left_out.text].filter(Boolean);
  const dialog = helpDialog();

  root.replaceChildren(
    h("a", { class: "skip", href: "#step-" + trace.id, onclick: (event) => { event.preventDefault(); panel.element.focus(); } }, "Skip to the current step"),
    h("header", { class: "top" }, h("div", {}, h(whole ? "h1" : "h2", {}, data.title), h("p", { class: "subtitle" }, data.subtitle)), h("div", { class: "tools" }, theme, help)),
    ...(notes.length ? [h("div", { class: "notes", role: "note" }, notes.map((note) => h("p", {}, note)))] : []),
    bar,
    h(whole ? "main" : "div", { class: "panels" }, panel.element, h("div", { class: "rest" }, picture, table.element, h("div", { class: "pair" }, breakpoints.element, transcript.element))),
    status, dialog,
  );
  panel.element.id = "step-" + trace.id;
  panel.element.tabIndex = 0; // it scrolls
  const graph = new GraphView(trace, host, acts);

  // --- moving ------------------------------------------------------------------------------------------------------
  function move(how) { trace.move(how); moved(); }
  function goto(position) { trace.goto(position); moved(); }
  function moved(told = true) {
    render();
    graph.follow();
    table.follow();
    clearTimeout(moved.soon); // while a slider is drawn, only where it comes to rest is said
    moved.soon = setTimeout(() => say(`Step ${trace.position} of ${trace.length}: ${spokenStep()}`), 150);
    if (told && face.onmove) face.onmove(trace.sessionPosition());
  }
  function spokenStep() {
    const { words, text } = (trace.current && trace.current.explain) || {};
    const stopped = trace.stopsAt(trace.position);
    return [words, text].filter(Boolean).join(" ") + (words || text ? "" : sentence(trace, trace.position)) + (stopped ? `. Breakpoint: ${spoken(stopped)}` : "");
  }
  function render() {
    graph.update();
    panel.update();
    table.update();
    breakpoints.update();
    transcript.update();
    slider.value = trace.position;
    slider.style.setProperty("--at", `${(100 * trace.position) / Math.max(1, trace.length)}%`);
    slider.setAttribute("aria-valuetext", `step ${trace.position} of ${trace.length}: ${sentence(trace, trace.position)}`);
    put(place, `${trace.position} / ${trace.length}`);
    for (const button of moves) {
      const back = /first|reverse/.test(button.dataset.move);
      button.setAttribute("aria-disabled", String(trace.position === (back ? 0 : trace.length)));
    }
    root.dataset.position = trace.sessionPosition();
  }
  function say(text) { status.textContent = text; }

  // --- pictures ------------------------------------------------------------------------------------------------------
  function look(id) {
    graph.show(id);
    where();
    graph.follow();
    say(`The graph shows ${data.pictures[id].label}`);
  }
  function where() {
    const crumb = (id) => h("button", { type: "button", class: "plain", "aria-current": id === graph.id ? "true" : null, onclick: () => look(id) }, data.pictures[id].label);
    const chain = [];
    for (let id = graph.id; id !== undefined; id = data.pictures[id].up) chain.unshift(id);
    const crumbs = chain.flatMap((id, k) => (k ? [h("span", { "aria-hidden": "true" }, "›"), crumb(id)] : [crumb(id)]));
    if (data.pictures.all && graph.id === "") crumbs.push(h("span", { "aria-hidden": "true" }, "·"), crumb("all"));
    way.replaceChildren(...(Object.keys(data.pictures).length > 1 ? crumbs : []));
  }
  function inside() {
    const step = trace.current;
    const box = step && graph.boxes.find((b) => b.box.opens !== undefined && (b.box.nodes.includes(step.node) || b.box.nodes.includes(step.x) || (step.kind === "skip" && inFold(b.box.fold, step.fold))));
    if (box) look(box.box.opens);
    else say("The current step is in no fold that could be opened here.");
  }

  // --- theme, help, keys -------------------------------------------------------------------------------------------
  function turn(to) {
    const order = ["auto", "light", "dark"];
    const now = to || order[(order.indexOf(root.dataset.theme || "auto") + 1) % 3];
    root.dataset.theme = now;
    if (whole) doc.documentElement.dataset.theme = now;
    put(theme, now[0].toUpperCase() + now.slice(1));
    theme.setAttribute("aria-label", `Theme: ${now === "auto" ? "as the system" : now}`);
  }
  face.theme = turn;
  function openHelp() { dialog.showModal(); }
  function helpDialog() {
    const rows = [...MOVES.map(([, label, k, what]) => [k, `${label}: ${what}`]), ...KEYS];
    const box = h("input", { type: "checkbox", checked: true, onchange: (event) => { letters = event.target.checked; } });
    return h("dialog", { class: "help", "aria-label": "Help and keys" },
      h("header", {}, h("h2", {}, "Keys"), h("button", { type: "button", class: "small", "aria-label": "Close help", title: "Close help (Escape)", "aria-keyshortcuts": "Escape", onclick: () => dialog.close() }, "Close")),
      h("dl", { class: "keys" }, rows.map(([k, what]) => h("div", {}, h("dt", {}, h("kbd", {}, k)), h("dd", {}, what)))),
      h("label", {}, box, h("span", {}, "Keys without Ctrl or Alt do something")),
      h("p", {}, "Forward, every op is computed from its inputs. Then the gradient of the result by itself, 1, is the seed, and each op hands to each of its inputs what has arrived at it times its own derivative. What meets is added. Back is always possible: a position is only a number."),
      h("p", {}, "In the graph, Tab reaches a node, the arrows lead to its neighbours, Enter sets a breakpoint or opens a fold."));
  }
  const typed = {
    ...Object.fromEntries(MOVES.map(([name, , k]) => [k, () => move(name)])),
    ArrowLeft: () => move("reverse-step"), ArrowRight: () => move("step"), "?": openHelp, "/": () => table.search.focus(), g: () => slider.focus(), t: () => turn(),
    k: () => breakpoints.kind.focus(),
    b: () => { const step = trace.current; const node = step && (trace.receiver(step) ?? step.node); if (node !== null && node !== undefined) acts.toggle(node); },
    e: () => { if (data.pictures.all) look(graph.id === "all" ? "" : "all"); else say("There is one picture only."); },
    o: inside, u: () => { const { up } = data.pictures[graph.id]; if (up !== undefined) look(up); },
    "+": () => zooms[2].click(), "=": () => zooms[2].click(), "-": () => zooms[0].click(), 0: () => graph.fit(),
    a: () => { transcript.details.open = !transcript.details.open; if (transcript.details.open) transcript.details.querySelector("summary").focus(); },
  };
  (whole ? doc : root).addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || dialog.open || event.defaultPrevented) return;
    const at = event.target, arrow = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
    if (at.matches?.("input:not([type=range]):not([type=checkbox]), select, textarea")) {
      if (event.key === "Escape") at.blur();
      return;
    }
    if (arrow && at.matches?.("input[type=range], .scroller, .graph-host, .formula")) return; // these have their own use for it
    const act = typed[event.key];
    if (!act || (!letters && event.key.length === 1)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  if (!whole) root.tabIndex = -1;

  where();
  settle(data.position || 0);
  face.goto = (position) => settle(trace.positionOf(position));
  function settle(position) { trace.goto(position); render(); graph.follow(); }
  if (doc.defaultView.ResizeObserver) {
    let width = host.clientWidth;
    new ResizeObserver(() => { if (Math.abs(host.clientWidth - width) > 40) { width = host.clientWidth; graph.fit(); graph.follow(); } }).observe(host);
  }
  root.trace = trace; // for whoever looks at it from a console
  return face;
}
