// The page: fetches maps in pages, listens to events, and draws. It asks its own server and nobody else.
"use strict";
(() => {
  const { bytes, duration, count, clock } = Charts;
  const $ = (id) => document.getElementById(id);
  const KINDS = ["in-place", "relocating", "same-size", "shrink", "reseed"];
  const FIELDS = ["in_place", "relocating", "same_size", "shrink", "reseed"];
  const WORDS = { "in-place": "doubling", relocating: "relocating", "same-size": "same-size", shrink: "shrink", reseed: "reseed" };
  // Bounds of what the page keeps.
  const POINTS_MAX = 600, SAMPLES_MAX = 60000, EVENTS_KEPT = 400, EVENTS_SHOWN = 120, WINDOW_MIN = 30e9, SAMPLE_EVERY = 900e6;

  const state = {
    info: null, head: null, rows: new Map(), points: [], samples: new Map(), names: new Map(), events: [],
    missed: 0, skipped: 0, picked: null, pickedPoints: null, sort: "bytes", down: true, filter: "", at: null, playing: false, since: null, totals: null,
  };

  // ---- figures ----
  const label = (row) => row.name || (row.site ? `${row.site.file.split("/").pop()}:${row.site.line}` : `#${Math.floor(row.id / 2048)}`);
  const typeOf = (row) => row.value_type ? `${short(row.key_type)} → ${short(row.value_type)}` : short(row.key_type);
  const short = (type) => type.replace(/[A-Za-z_][\w]*::/g, "");
  const held = (row) => row.gauges.bytes_live + row.gauges.bytes_old;
  const load = (row) => { const slots = row.gauges.buckets * row.gauges.slots_per_bucket; return slots ? row.gauges.len / slots : 0; };
  const grown = (row) => FIELDS.reduce((sum, f) => sum + row.counters.growths[f], 0);
  const growthOf = (row) => row.growth || row.compaction;
  const share = (growth) => growth.from_buckets ? Math.min(1, growth.done_buckets / growth.from_buckets) : 1;
  function quantile(cells, q) {
    const all = cells.reduce((a, b) => a + b, 0);
    if (!all) return null;
    let seen = 0; const rank = Math.max(1, Math.ceil(q * all));
    for (let i = 0; i < cells.length; i++) { seen += cells[i]; if (seen >= rank) return 2 ** (i + 1) - 1; }
    return null;
  }
  /** Counters that a point is made of, of any number of rows. */
  function sum(counters) {
    const total = { growths: [0, 0, 0, 0, 0], growth_ns: 0, steps: [] };
    for (const c of counters) {
      FIELDS.forEach((f, i) => { total.growths[i] += c.growths[f]; });
      total.growth_ns += c.growth_ns;
      c.step_ns.forEach((n, i) => { total.steps[i] = (total.steps[i] || 0) + n; });
    }
    return total;
  }
  const minus = (a, b) => a.map((n, i) => Math.max(0, n - (b[i] || 0)));
  function point(time, before, now, gauges) {
    return {
      time_ns: time, span_ns: before ? time - before.time : 0, bytes_live: gauges.live, bytes_old: gauges.old,
      growths: before ? minus(now.growths, before.growths) : [0, 0, 0, 0, 0], steps: before ? minus(now.steps, before.steps) : [],
    };
  }
  function joined(a, b) {
    const steps = []; for (let i = 0; i < Math.max(a.steps.length, b.steps.length); i++) steps[i] = (a.steps[i] || 0) + (b.steps[i] || 0);
    return { time_ns: b.time_ns, span_ns: a.span_ns + b.span_ns, bytes_live: Math.max(a.bytes_live, b.bytes_live), bytes_old: Math.max(a.bytes_old, b.bytes_old), growths: a.growths.map((n, i) => n + b.growths[i]), steps };
  }
  function halve(list) {
    const half = [];
    for (let i = 0; i < list.length; i += 2) half.push(i + 1 < list.length ? joined(list[i], list[i + 1]) : list[i]);
    return half;
  }
  const fromServer = (p) => ({ ...p, growths: FIELDS.map((f) => p.growths[f]) });

  // ---- fetching ----
  async function get(path) {
    const answer = await fetch(path, { cache: "no-store" });
    if (!answer.ok) throw new Error((await answer.text()).trim() || answer.statusText);
    return answer.json();
  }
  const moment = () => state.at == null ? "" : `&at=${Math.round(state.at)}`;

  async function loadMaps() {
    // Only rows that were written since the last look, with a second to spare; after a seek, all.
    const since = state.since == null || state.at != null ? "" : `&since=${Math.max(0, Math.round(state.since - 1e9))}`;
    if (!since) state.rows.clear();
    let after = "", page;
    do {
      page = await get(`/maps.json?limit=500${since}${after}${moment()}`);
      for (const row of page.maps) state.rows.set(row.id, row);
      after = page.next == null ? "" : `&after=${page.next}`;
    } while (page.next != null);
    if (page.ids) { const alive = new Set(page.ids); for (const id of state.rows.keys()) if (!alive.has(id)) state.rows.delete(id); }
    state.head = page; state.since = page.time_ns;
    if (state.info.mode === "live") remember(page);
  }

  function remember(page) {
    const last = state.totals, time = page.time_ns;
    if (last && time - last.time < SAMPLE_EVERY) return;
    const rows = [...state.rows.values()], all = page.other ? [...rows, page.other] : rows;
    const now = sum([page.dropped, ...all.map((r) => r.counters)]);
    const gauges = { live: all.reduce((s, r) => s + r.gauges.bytes_live, 0), old: all.reduce((s, r) => s + r.gauges.bytes_old, 0) };
    state.points.push(point(time, last, now, gauges));
    state.totals = { ...now, time };
    if (state.points.length > POINTS_MAX) state.points = halve(state.points);
    const room = Math.max(40, Math.min(POINTS_MAX, Math.floor(SAMPLES_MAX / Math.max(1, rows.length))));
    for (const row of rows) {
      let known = state.samples.get(row.id);
      if (!known) state.samples.set(row.id, known = { last: null, written: -1, points: [] });
      // What stood still is not kept; what happens next happened since this look.
      if (known.written === row.updated_ns && known.points.length) { known.last.time = time; continue; }
      const mine = sum([row.counters]);
      known.points.push(point(time, known.last, mine, { live: row.gauges.bytes_live, old: row.gauges.bytes_old }));
      known.last = { ...mine, time }; known.written = row.updated_ns;
      if (known.points.length > room) known.points = halve(known.points);
    }
    for (const id of state.samples.keys()) if (!state.rows.has(id)) state.samples.delete(id);
  }

  // ---- drawing ----
  const series = KINDS.map((kind, i) => ({ colour: kind, value: (p) => p.growths[i] }));
  const memory = [{ colour: "live", value: (p) => p.bytes_live }, { colour: "old", value: (p) => p.bytes_old }];
  let view = null;

  function shown() {
    if (state.picked == null) return state.points;
    if (state.pickedPoints) return state.pickedPoints;
    return state.samples.get(state.picked)?.points || [];
  }
  function drawCharts() {
    const points = shown(), live = state.info.mode === "live", end = live ? state.head.time_ns : state.info.end_ns;
    const first = state.points.length ? state.points[0].time_ns : end;
    view = live ? { live, start: first, t1: end, t0: Math.min(first, end - WINDOW_MIN), at: null }
      : { live, start: state.info.start_ns, t0: state.info.start_ns, t1: Math.max(end, state.info.start_ns + 1e9), at: state.at };
    Charts.areas($("memory"), points, memory, view, bytes);
    Charts.bars($("growths"), points, series, view);
    Charts.heat($("heat"), points, (p) => p.steps, view);
    const row = state.rows.get(state.picked);
    for (const id of ["of-memory", "of-growths", "of-heat"]) $(id).textContent = row ? label(row) : "all maps";
  }

  function tiles() {
    const rows = [...state.rows.values()], page = state.head, all = page.other ? [...rows, page.other] : rows;
    const total = (f) => all.reduce((s, r) => s + f(r), 0);
    const set = (id, text, more) => { $(id).textContent = text; $(id + "-more").textContent = more; $(id + "-more").title = more; };
    const folded = page.other ? page.other.gauges.maps : 0;
    set("t-maps", count(rows.length + folded), folded ? `${count(folded)} share one row` : `${count(page.maps_dropped)} dropped so far`);
    set("t-entries", count(total((r) => r.gauges.len)), `room for ${count(total((r) => r.gauges.capacity))}`);
    const old = total((r) => r.gauges.bytes_old);
    set("t-bytes", bytes(total(held)), old ? `${bytes(old)} in old arrays` : "nothing in old arrays");
    const growing = rows.filter((r) => growthOf(r));
    set("t-growing", String(growing.length), growing.length ? growing.slice(0, 3).map(label).join(", ") : `${count(total(grown))} growths so far`);
    const slowest = all.reduce((best, r) => r.gauges.step_ns_max > (best?.gauges.step_ns_max || 0) ? r : best, null);
    set("t-step", slowest ? duration(slowest.gauges.step_ns_max) : "–", slowest ? label(slowest) : "no steps yet");
  }

  const COLUMNS = [
    ["name", "name", (r) => label(r).toLowerCase(), "left"], ["type", "type", (r) => typeOf(r).toLowerCase(), "left"],
    ["entries", "entries", (r) => r.gauges.len], ["load", "load", load], ["bytes", "memory", held], ["peak", "peak", (r) => r.gauges.bytes_peak],
    ["growths", "growths", grown], ["p99", "step p99", (r) => quantile(r.counters.step_ns, 0.99) || 0],
    ["doing", "doing", (r) => growthOf(r) ? 2 + share(growthOf(r)) : r.gauges.bytes_old ? 1 : 0, "left"],
  ];
  function heads() {
    $("head").replaceChildren(...COLUMNS.map(([key, text, , side]) => {
      const button = document.createElement("button");
      button.type = "button"; button.textContent = text; button.className = `h-${key} ${side || ""}`; button.setAttribute("role", "columnheader");
      if (state.sort === key) button.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      button.addEventListener("click", () => {
        if (state.sort === key) state.down = !state.down; else { state.sort = key; state.down = !side; }
        heads(); $("body").scrollTop = 0; table();
      });
      return button;
    }));
  }

  const pool = [];
  function rowElement(i) {
    while (pool.length <= i) {
      const row = document.createElement("div");
      row.className = "row"; row.setAttribute("role", "row"); row.tabIndex = -1;
      row.parts = COLUMNS.map(([key]) => {
        const cell = document.createElement("span"); cell.className = key; cell.setAttribute("role", "cell"); row.append(cell); return cell;
      });
      const meter = document.createElement("span"), fill = document.createElement("b"), text = document.createElement("span");
      meter.className = "meter"; meter.append(fill); row.parts[8].append(meter, text); Object.assign(row, { meter, fill, text });
      row.addEventListener("click", () => pick(row.map === state.picked ? null : row.map));
      $("body").append(row); pool.push(row);
    }
    return pool[i];
  }
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  let order = [];
  function table() {
    const words = state.filter.toLowerCase(), key = COLUMNS.find(([name]) => name === state.sort)[2], way = state.down ? -1 : 1;
    order = [...state.rows.values()].filter((r) => !words || `${r.name} ${r.key_type} ${r.value_type} ${r.site ? r.site.file : ""}`.toLowerCase().includes(words));
    const keys = new Map(order.map((r) => [r.id, key(r)]));
    order.sort((a, b) => { const x = keys.get(a.id), y = keys.get(b.id); return (x < y ? -1 : x > y ? 1 : 0) * way || a.id - b.id; });
    put($("count"), words ? `${order.length} of ${state.rows.size}` : `${state.rows.size}`);
    rows();
  }
  function rows() {
    const tall = matchMedia("(max-width: 760px)").matches ? 50 : 34, body = $("body");
    const first = Math.max(0, Math.floor(body.scrollTop / tall) - 2), many = Math.min(order.length - first, Math.ceil(body.clientHeight / tall) + 4);
    $("spacer").style.height = `${order.length * tall}px`;
    for (let i = 0; i < Math.max(many, pool.length); i++) {
      const node = i < many ? rowElement(i) : pool[i], row = i < many ? order[first + i] : null;
      node.hidden = !row;
      if (!row) continue;
      node.style.top = `${(first + i) * tall}px`; node.map = row.id;
      node.classList.toggle("picked", row.id === state.picked); node.classList.toggle("dim", row.gauges.len === 0);
      const [name, type, entries, full, mem, peak, growths, p99] = node.parts;
      put(name, label(row)); name.title = label(row) + (row.site ? `\n${row.site.file}:${row.site.line}` : "");
      put(type, typeOf(row)); type.title = `${row.key_type} → ${row.value_type}`;
      put(entries, row.gauges.len.toLocaleString("en")); put(full, load(row) ? load(row).toFixed(2) : "–");
      put(mem, bytes(held(row))); put(peak, bytes(row.gauges.bytes_peak)); put(growths, count(grown(row)));
      put(p99, duration(quantile(row.counters.step_ns, 0.99)));
      const growth = growthOf(row);
      node.meter.classList.toggle("on", !!growth);
      if (growth) { node.fill.style.transform = `scaleX(${share(growth)})`; node.fill.className = `c-${growth.kind}`; }
      put(node.text, growth ? `${WORDS[growth.kind]} ${Math.floor(share(growth) * 100)} %` : row.gauges.bytes_old ? `holds ${bytes(row.gauges.bytes_old)} of old` : tall > 34 ? `${count(grown(row))} growths, step p99 ${duration(quantile(row.counters.step_ns, 0.99))}` : "");
    }
  }

  /** Expected fill of the parts of a map's arrays, from its length and the cursor of its growth. */
  function arraysOf(row) {
    const g = row.gauges, growth = row.growth, slots = g.slots_per_bucket || 1, mean = (buckets) => buckets ? g.len / (buckets * slots) : 0;
    if (!growth) {
      const compaction = row.compaction, done = compaction ? share(compaction) : 0, at = mean(g.buckets);
      const parts = compaction ? [{ from: 0, to: done, load: at, colour: "same-size" }, { from: done, to: 1, load: at, colour: "rest" }] : [{ from: 0, to: 1, load: at, colour: "rest" }];
      return [{ name: "by index", buckets: g.buckets, parts, cursors: compaction ? [done] : [] }];
    }
    const done = share(growth), { from_buckets: from, to_buckets: to, kind } = growth;
    if (kind === "in-place") {
      const part = from / to, whole = mean(from), thin = whole * part;
      // Every further block of `from` buckets takes its share of each bucket that was split.
      const parts = [{ from: 0, to: done * part, load: thin, colour: kind }, { from: done * part, to: part, load: whole, colour: "rest" }], cursors = [done * part];
      for (let k = 1; k < Math.min(64, Math.round(1 / part)); k++) { parts.push({ from: k * part, to: (k + done) * part, load: thin, colour: kind }); cursors.push((k + done) * part); }
      return [{ name: "by index", buckets: to, parts, cursors }];
    }
    if (kind === "shrink") {
      const part = to / from, sparse = mean(from), cut = part * (1 - done);
      const parts = [{ from: 0, to: cut, load: sparse, colour: "rest" }, { from: cut, to: part, load: sparse / part, colour: kind }, { from: part, to: 1 - (1 - part) * done, load: sparse, colour: "rest" }];
      return [{ name: "by index", buckets: from, parts, cursors: [cut, 1 - (1 - part) * done] }];
    }
    if (kind === "relocating") {
      const factor = Math.max(1, Math.round(to / from)), parts = [], cursors = [];
      for (let k = 0; k < Math.min(64, factor); k++) { parts.push({ from: k / factor, to: (k + done) / factor, load: mean(to), colour: kind }); cursors.push((k + done) / factor); }
      return [{ name: "old array", buckets: from, parts: [{ from: done, to: 1, load: mean(from), colour: "rest" }], cursors: [done] }, { name: "new array", buckets: to, parts, cursors }];
    }
    const at = mean(g.buckets);
    return [{ name: "by index", buckets: g.buckets, parts: [{ from: 0, to: done, load: at, colour: kind }, { from: done, to: 1, load: at, colour: "rest" }], cursors: [done] }];
  }

  const NOTES = {
    "in-place": " Left of a cursor buckets have been split; their other halves are the coloured ones further right.",
    shrink: " Coloured: buckets that took in another one. Right of the last cursor memory goes back.",
    relocating: " Buckets left of a cursor have moved to the new array.", reseed: " Coloured: buckets under the new seed.",
  };
  function detail() {
    const row = state.rows.get(state.picked);
    $("detail").hidden = !row;
    if (!row) { if (state.picked != null && state.info.mode === "live") { state.picked = null; } return; }
    const g = row.gauges, c = row.counters, growth = growthOf(row), last = row.last_growth;
    put($("d-name"), label(row));
    put($("d-type"), `${row.key_type}${row.value_type ? " → " + row.value_type : ""}${row.site ? ` · made at ${row.site.file}:${row.site.line}` : ""}`);
    const facts = [
      ["entries", `${g.len.toLocaleString("en")} of ${g.capacity.toLocaleString("en")}`], ["load", load(row).toFixed(3)],
      ["memory held", bytes(held(row))], ["peak", bytes(g.bytes_peak)], ["reserved", bytes(g.bytes_reserved)], ["entry", bytes(row.entry_bytes)],
      ["overflow buckets", g.overflow_buckets.toLocaleString("en")], ["longest chain", `${g.longest_chain} bucket${g.longest_chain === 1 ? "" : "s"}`],
      ["growths", `${grown(row)} of ${c.growths_begun} begun`], ["steps", c.steps.toLocaleString("en")],
      ["step p50 / p99", `≤ ${duration(quantile(c.step_ns, 0.5))} / ${duration(quantile(c.step_ns, 0.99))}`], ["longest step", duration(g.step_ns_max)],
      ["time in growth", duration(c.growth_ns)], ["entries moved", count(c.entries_moved)], ["given back", bytes(c.bytes_released)], ["refused", String(c.growths_refused)],
    ];
    const list = $("d-facts");
    while (list.children.length < facts.length) { const box = document.createElement("div"); box.append(document.createElement("dt"), document.createElement("dd")); list.append(box); }
    facts.forEach(([name, value], i) => { put(list.children[i].children[0], name); put(list.children[i].children[1], value); });
    put($("d-state"), growth ? `${WORDS[growth.kind]} from ${growth.from_buckets.toLocaleString("en")} to ${growth.to_buckets.toLocaleString("en")}: ${(share(growth) * 100).toFixed(1)} %, ${growth.steps.toLocaleString("en")} steps, ${duration(growth.work_ns)} of work`
      : last ? `at rest; last ${WORDS[last.kind]} ${last.is_complete ? "took" : "was given up after"} ${duration(last.ended_ns - last.started_ns)}, ${duration(last.work_ns)} of it work` : "at rest; has never grown in steps");
    Charts.strips($("buckets"), arraysOf(row));
    put($("d-note"), `Height: the load to be expected of a bucket (full: ${g.slots_per_bucket} entries), from length and cursor.${NOTES[row.growth?.kind] || ""}${row.is_consistent ? "" : " This row was being written while it was read."}`);
  }

  // ---- events ----
  const frequent = (e) => e.event === "step" || e.event === "release" || e.event === "overflow";
  const nameOf = (id) => state.rows.has(id) ? label(state.rows.get(id)) : state.names.get(id) || (id === 1024 ? "other maps" : `#${Math.floor(id / 2048)}`);
  function describe(e) {
    const n = (x) => x.toLocaleString("en");
    switch (e.event) {
      case "created": return ["created", `${bytes(e.entry_bytes)} an entry${e.len ? `, ${n(e.len)} entries` : ""}`];
      case "growth_begin": return [`${WORDS[e.kind]} begins`, `${n(e.from_buckets)} → ${n(e.to_buckets)} buckets at ${n(e.len)} entries, ${bytes(e.bytes_held)} held`];
      case "step": return ["step", `${duration(e.ns)}: ${n(e.entries_moved)} entries moved, ${n(e.done_buckets)} of ${n(e.from_buckets)} buckets done`];
      case "growth_end": return [`${WORDS[e.kind]} ${e.is_complete ? "ends" : "given up"}`, `${n(e.steps)} steps, ${n(e.entries_moved)} entries moved, ${duration(e.work_ns)} of work, longest step ${duration(e.step_ns_max)}${e.bytes_released ? `, ${bytes(e.bytes_released)} given back` : ""}`];
      case "release": return ["release", `${bytes(e.bytes)} given back, ${bytes(e.bytes_held)} held`];
      case "overflow": return ["overflow", `${n(e.overflow_buckets)} overflow buckets, longest chain ${e.longest_chain}`];
      case "refused": return ["refused", `memory for a growth was refused at ${n(e.len)} entries`];
      case "clear": return ["clear", `${bytes(e.bytes_held)} held`];
      case "drop": return ["dropped", `${n(e.len)} entries, ${n(e.growths)} growths, ${duration(e.age_ns)} old`];
      default: return [e.event, ""];
    }
  }
  function eventList() {
    const wanted = $("steps").checked, list = state.events.filter((e) => wanted || !frequent(e)).slice(-EVENTS_SHOWN).reverse();
    const zero = state.info.mode === "live" ? 0 : state.info.start_ns;
    const time = (e) => state.info.mode === "live" ? new Date((state.info.epoch_unix_ns + e.time_ns) / 1e6).toLocaleTimeString("en-GB") : clock((e.time_ns - zero) / 1e9);
    $("events").replaceChildren(...(list.length ? list.map((e) => {
      const item = document.createElement("li"), [what, text] = describe(e);
      const cell = (tag, cls, content) => { const node = document.createElement(tag); node.className = cls; node.textContent = content; return node; };
      item.append(cell("time", "", time(e)), cell("span", "", nameOf(e.map)), cell("span", `what k-${e.kind || e.event}`, what), cell("span", "text", text));
      return item;
    }) : [Object.assign(document.createElement("li"), { className: "empty", textContent: "Nothing has happened yet: events appear when a map grows, shrinks, is made or dropped." })]));
    put($("lost"), state.missed + state.skipped ? `${count(state.missed)} missed, ${count(state.skipped)} frequent ones left out` : "");
  }
  let eventsDirty = true;
  function listen() {
    const stream = new EventSource("/events");
    stream.onmessage = (message) => {
      const batch = JSON.parse(message.data);
      for (const [id, name] of batch.names) state.names.set(id, name);
      while (state.names.size > 2000) state.names.delete(state.names.keys().next().value);
      // What the list hides is kept apart from what it shows, so that steps do not push growths out.
      state.events.push(...batch.events);
      const surplus = state.events.length - EVENTS_KEPT;
      if (surplus > 0) {
        let drop = surplus;
        state.events = state.events.filter((e) => !(drop > 0 && frequent(e) && drop--)).slice(-EVENTS_KEPT);
      }
      state.missed = batch.missed; state.skipped = batch.skipped; eventsDirty = true;
    };
  }

  // ---- the loop ----
  function draw() {
    tiles(); table(); detail(); drawCharts();
    if (eventsDirty) { eventsDirty = false; eventList(); }
  }
  function say(kind, text) { $("state").className = `pill ${kind}`; put($("state"), text); }
  async function pick(id) {
    state.picked = id; state.pickedPoints = null;
    if (id != null && state.info.mode === "recording") {
      try { state.pickedPoints = (await get(`/timeline.json?map=${id}`)).points.map(fromServer); } catch (error) { say("bad", error.message); }
    }
    draw();
    if (id != null) $("detail").scrollIntoView({ block: "nearest" });
  }

  async function live() {
    for (;;) {
      const begun = performance.now();
      try {
        await loadMaps();
        say("good", "live"); draw();
      } catch (error) {
        say("bad", error instanceof TypeError ? "the program is gone, or busy" : error.message);
      }
      // A look may take a tenth of the time; hidden pages look rarely.
      const took = performance.now() - begun;
      await new Promise((done) => setTimeout(done, document.hidden ? 5000 : Math.max(400, took * 9)));
    }
  }

  let busy = false, again = false;
  async function seek() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        $("seek").value = Math.round((state.at - state.info.start_ns) / Math.max(1, state.info.end_ns - state.info.start_ns) * 1000);
        put($("moment"), `${clock((state.at - state.info.start_ns) / 1e9)} of ${clock((state.info.end_ns - state.info.start_ns) / 1e9)}`);
        await loadMaps();
        state.events = (await get(`/events.json?from=0&to=${Math.round(state.at)}`)).events;
        eventsDirty = true; draw();
      } while (again);
      say("good", "recording");
    } catch (error) { say("bad", error.message); }
    busy = false;
  }
  function recording() {
    $("player").hidden = false;
    state.at = state.info.end_ns;
    $("seek").addEventListener("input", () => { state.at = state.info.start_ns + $("seek").value / 1000 * (state.info.end_ns - state.info.start_ns); seek(); });
    $("play").addEventListener("click", () => {
      state.playing = !state.playing;
      if (state.playing && state.at >= state.info.end_ns) state.at = state.info.start_ns;
      put($("play"), state.playing ? "❚❚" : "▶"); $("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
    });
    let last = performance.now();
    setInterval(() => {
      const now = performance.now(), passed = now - last; last = now;
      if (!state.playing) return;
      state.at = Math.min(state.info.end_ns, state.at + passed * 1e6 * Number($("speed").value));
      if (state.at >= state.info.end_ns) $("play").click();
      seek();
    }, 250);
    return seek();
  }

  function hover(id, out, text) {
    $(id).addEventListener("pointermove", (event) => {
      const time = view && Charts.timeAt($(id), event, view), points = shown();
      const near = time == null ? null : points.find((p) => p.time_ns >= time) || points[points.length - 1];
      put($(out), near ? `${clock((time - (view.live ? view.t1 : view.start)) / 1e9)}: ${text(near)}` : "");
    });
    $(id).addEventListener("pointerleave", () => put($(out), ""));
  }
  hover("memory", "hover-memory", (p) => `${bytes(p.bytes_live)} in use, ${bytes(p.bytes_old)} old`);
  hover("growths", "hover-growths", (p) => {
    const found = KINDS.map((kind, i) => [WORDS[kind], p.growths[i]]).filter(([, n]) => n);
    return `${found.map(([word, n]) => `${n} ${word}`).join(", ") || "none"} in ${duration(p.span_ns)}`;
  });
  hover("heat", "hover-heat", (p) => {
    const cells = Array.from(p.steps, (n) => n || 0), all = cells.reduce((a, b) => a + b, 0);
    return all ? `${count(all)} steps in ${duration(p.span_ns)}, half ≤ ${duration(quantile(cells, 0.5))}, longest ≤ ${duration(quantile(cells, 1))}` : "no steps";
  });

  $("filter").addEventListener("input", () => { state.filter = $("filter").value.trim(); $("body").scrollTop = 0; table(); });
  $("body").addEventListener("scroll", rows, { passive: true });
  $("steps").addEventListener("change", eventList);
  $("d-close").addEventListener("click", () => pick(null));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && state.picked != null) pick(null); });
  const redraw = () => { if (state.head) { drawCharts(); detail(); rows(); } };
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(redraw));

  async function start() {
    for (;;) {
      try {
        state.info = await get("/info.json");
        state.points = (await get("/timeline.json")).points.map(fromServer);
        break;
      } catch (error) {
        say("bad", error instanceof TypeError ? "the program is gone" : error.message);
        await new Promise((done) => setTimeout(done, 2000));
      }
    }
    const program = state.info.program || "unnamed program";
    put($("program"), program); document.title = `${program} · tidemap`;
    put($("about"), `process ${state.info.pid} · since ${new Date(state.info.epoch_unix_ns / 1e6).toLocaleString("en-GB")}`);
    put($("foot"), "Figures are written when a map goes through a slow path; between them a length may be a little old.");
    heads();
    if (state.info.mode === "live") { listen(); live(); } else recording();
  }
  start();
})();
