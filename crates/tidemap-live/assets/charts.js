// Charts on canvases: lines, stacked bars, a heat map, buckets. No state but what is passed in.
"use strict";
const Charts = (() => {
  const LEFT = 62, RIGHT = 10, TOP = 8, BOTTOM = 22;
  const colours = new Map();
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", () => colours.clear());

  /** The value of a colour variable of the style sheet. */
  function colour(name) {
    if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim());
    return colours.get(name);
  }

  const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const trim = (n) => n >= 99.95 ? n.toFixed(0) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2);
  function bytes(n) {
    if (!(n >= 1024)) return `${Math.round(n || 0)} B`;
    let unit = 0;
    while (n >= 1023.5 && unit < UNITS.length - 1) { n /= 1024; unit++; }
    return `${trim(n)} ${UNITS[unit]}`;
  }
  function duration(ns) {
    if (ns == null) return "–";
    for (const [size, unit] of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]]) if (ns >= size * 0.9995) return `${trim(ns / size)} ${unit}`;
    return `${Math.round(ns)} ns`;
  }
  function count(n) {
    for (const [size, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) if (n >= size) return trim(n / (unit === "k" ? 1e3 : size)) + " " + unit;
    return Math.round(n).toLocaleString("en");
  }
  /** Minutes and seconds of a number of seconds. */
  function clock(s) {
    const sign = s < 0 ? "−" : ""; s = Math.round(Math.abs(s));
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60, two = (n) => String(n).padStart(2, "0");
    return sign + (h ? `${h}:${two(m)}` : `${m}`) + `:${two(s % 60)}`;
  }

  function open(canvas) {
    const ratio = Math.min(devicePixelRatio || 1, 3);
    const width = canvas.clientWidth, height = Number(canvas.dataset.height ||= canvas.getAttribute("height"));
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    }
    canvas.style.height = height + "px";
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = '11.5px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
    g.textBaseline = "middle";
    return { g, width, height, x0: LEFT, x1: width - RIGHT, y0: TOP, y1: height - BOTTOM };
  }

  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  /** The time axis: seconds before the end while live, since the beginning in a recording. */
  function timeAxis(a, view) {
    const { g } = a, span = (view.t1 - view.t0) / 1e9;
    const step = STEPS.find((s) => span / s <= Math.max(2, (a.x1 - a.x0) / 90)) || 86400;
    g.fillStyle = colour("faint"); g.textAlign = "center";
    const zero = view.live ? view.t1 : view.start;
    const first = Math.ceil((view.t0 - zero) / 1e9 / step) * step;
    for (let s = first; zero + s * 1e9 <= view.t1 + 1; s += step) {
      const x = xOf(a, view, zero + s * 1e9);
      if (x < a.x0 - 1) continue;
      const label = s === 0 && view.live ? "now" : clock(s);
      const half = g.measureText(label).width / 2;
      g.fillText(label, Math.min(Math.max(x, a.x0 + half - 8), a.width - half), a.y1 + 13);
      g.fillRect(Math.round(x), a.y1, 1, 3);
    }
  }
  const xOf = (a, view, t) => a.x0 + (t - view.t0) / (view.t1 - view.t0 || 1) * (a.x1 - a.x0);

  function nice(max, base) {
    const raw = Math.max(max, base === 1024 ? 1024 : 3) / 3, power = base === 1024 ? 2 ** Math.floor(Math.log2(raw)) : 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => s >= raw && (base === 1024 ? [1, 2].includes(s / power) : true)) || power * 2;
    return { step, top: step * Math.max(1, Math.ceil(max / step)) };
  }
  function valueAxis(a, max, format, base) {
    const { g } = a, { step, top } = nice(max, base);
    g.textAlign = "right";
    for (let v = 0; v <= top + step / 2; v += step) {
      const y = Math.round(a.y1 - v / top * (a.y1 - a.y0));
      g.fillStyle = colour(v ? "grid" : "line"); g.fillRect(a.x0, y, a.x1 - a.x0, 1);
      g.fillStyle = colour("faint"); g.fillText(format(v), a.x0 - 8, y);
    }
    return top;
  }
  function nothing(a, text) {
    a.g.fillStyle = colour("faint"); a.g.textAlign = "center";
    a.g.fillText(text, (a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2);
  }
  function playhead(a, view) {
    if (view.at == null) return;
    a.g.fillStyle = colour("ink"); a.g.fillRect(Math.round(xOf(a, view, view.at)), a.y0, 1, a.y1 - a.y0);
  }

  /** Stacked areas; `series` gives for each point a value. Steps, because values hold until they are written again. */
  function areas(canvas, points, series, view, format) {
    const a = open(canvas), { g } = a;
    const sums = points.map((p) => series.reduce((sum, s) => sum + s.value(p), 0));
    const top = valueAxis(a, Math.max(0, ...sums), format, 1024);
    timeAxis(a, view);
    if (!points.length) return nothing(a, "waiting for figures");
    g.save(); g.beginPath(); g.rect(a.x0, 0, a.x1 - a.x0, a.height); g.clip();
    const y = (v) => a.y1 - v / top * (a.y1 - a.y0);
    let below = points.map(() => 0);
    for (const s of series) {
      const above = points.map((p, i) => below[i] + s.value(p));
      if (points.some((p) => s.value(p) > 0)) {
        const path = new Path2D(), line = new Path2D();
        points.forEach((p, i) => {
          const x = xOf(a, view, p.time_ns);
          if (i) { path.lineTo(x, y(above[i - 1])); line.lineTo(x, y(above[i - 1])); } else { path.moveTo(x, y(below[0])); line.moveTo(x, y(above[0])); }
          path.lineTo(x, y(above[i])); line.lineTo(x, y(above[i]));
        });
        const last = points.length - 1, end = xOf(a, view, Math.max(view.t1, points[last].time_ns));
        path.lineTo(end, y(above[last])); line.lineTo(end, y(above[last])); path.lineTo(end, y(below[last]));
        for (let i = last; i >= 0; i--) { path.lineTo(xOf(a, view, points[i].time_ns), y(below[i])); if (i) path.lineTo(xOf(a, view, points[i].time_ns), y(below[i - 1])); }
        g.fillStyle = colour(s.colour + "-fill"); g.fill(path);
        if (s === series[0]) { g.strokeStyle = colour(s.colour); g.lineWidth = 1.5; g.lineJoin = "round"; g.stroke(line); }
      }
      below = above;
    }
    g.restore();
    playhead(a, view);
  }

  /** Points joined into columns of equal time; each is a column of its own while there is room for that. */
  function columns(a, points, view, pixels) {
    const inside = points.filter((p) => p.span_ns && p.time_ns > view.t0), room = Math.max(4, (a.x1 - a.x0) / pixels);
    if (inside.length <= room) return inside.map((p) => ({ from: p.time_ns - p.span_ns, to: p.time_ns, list: [p] }));
    const wanted = (view.t1 - view.t0) / 1e9 / room, step = (STEPS.find((s) => s >= wanted) || wanted) * 1e9, found = new Map();
    for (const p of inside) {
      // A span belongs to the column of its middle.
      const key = Math.floor((p.time_ns - p.span_ns / 2) / step);
      if (!found.has(key)) found.set(key, { from: key * step, to: (key + 1) * step, list: [] });
      found.get(key).list.push(p);
    }
    return [...found.values()];
  }
  /** Left edge and width of a column, with a gap where there is room for one. */
  function place(a, view, column) {
    const left = Math.max(a.x0, xOf(a, view, column.from)), right = Math.min(a.x1, xOf(a, view, column.to));
    return right <= left ? null : [left, Math.max(1, right - left - (right - left > 4 ? 1 : 0))];
  }

  function bars(canvas, points, series, view) {
    const a = open(canvas), { g } = a;
    const stacks = columns(a, points, view, 9).map((column) => [column, series.map((s) => column.list.reduce((sum, p) => sum + s.value(p), 0))]);
    const max = Math.max(0, ...stacks.map(([, values]) => values.reduce((x, y) => x + y, 0)));
    const top = valueAxis(a, Math.max(max, 3), (v) => count(v), 10);
    timeAxis(a, view);
    if (!max) nothing(a, points.length ? "no growth has ended in this time" : "waiting for figures");
    for (const [column, values] of stacks) {
      const where = place(a, view, column);
      let low = a.y1;
      values.forEach((value, i) => {
        if (!value || !where) return;
        const high = low - value / top * (a.y1 - a.y0);
        g.fillStyle = colour(series[i].colour);
        g.fillRect(where[0], high, where[1], Math.max(1, low - high));
        low = high;
      });
    }
    playhead(a, view);
  }

  function mix(share) {
    const stops = ["heat-0", "heat-1", "heat-2", "heat-3"].map(colour);
    const at = Math.min(2.999, Math.max(0, share * 3)), i = Math.floor(at), f = at - i;
    const part = (hex, n) => parseInt(hex.slice(1 + 2 * n, 3 + 2 * n), 16);
    return `rgb(${[0, 1, 2].map((n) => Math.round(part(stops[i], n) * (1 - f) + part(stops[i + 1], n) * f)).join(" ")})`;
  }

  /** Steps by time and duration; `cells(point)` are counts by powers of two of nanoseconds. */
  function heat(canvas, points, cells, view) {
    const a = open(canvas), { g } = a;
    let low = 64, high = 0, most = 0;
    const sums = columns(a, points, view, 7).map((column) => {
      const sum = new Array(64).fill(0);
      for (const p of column.list) cells(p).forEach((n, i) => { if (n > 0) sum[i] += n; });
      sum.forEach((n, i) => { if (n) { low = Math.min(low, i); high = Math.max(high, i); most = Math.max(most, n); } });
      return [column, sum];
    });
    const any = most > 0;
    if (!any) { low = 8; high = 15; }
    // A steady range: at least eight powers of two.
    low = Math.max(0, Math.min(low, high - 7)); high = Math.min(63, Math.max(high, low + 7));
    const tall = (a.y1 - a.y0) / (high - low + 1);
    g.textAlign = "right";
    const every = Math.max(1, Math.ceil(17 / tall));
    for (let i = low; i <= high + 1; i++) {
      const y = Math.round(a.y1 - (i - low) * tall);
      g.fillStyle = colour(i === low ? "line" : "grid"); g.fillRect(a.x0, y, a.x1 - a.x0, 1);
      if ((i - low) % every === 0) { g.fillStyle = colour("faint"); g.fillText(duration(2 ** i), a.x0 - 8, y); }
    }
    timeAxis(a, view);
    if (!any) nothing(a, points.length ? "no steps in this time" : "waiting for figures");
    for (const [column, sum] of sums) {
      const where = place(a, view, column);
      if (!where) continue;
      for (let i = low; i <= high; i++) {
        if (!sum[i]) continue;
        g.fillStyle = mix(Math.log1p(sum[i]) / Math.log1p(most));
        g.fillRect(where[0], a.y1 - (i - low + 1) * tall + 0.5, where[1], Math.max(1, tall - 1));
      }
    }
    playhead(a, view);
  }

  /** Arrays of buckets as parts: `{from, to, load, colour}` in shares of the array. */
  function strips(canvas, arrays) {
    canvas.dataset.height = arrays.length * 84 - (arrays.length - 1) * 6;
    const a = open(canvas), { g } = a;
    arrays.forEach((array, n) => {
      const y0 = n * 78 + 6, y1 = y0 + 48, x0 = 8, x1 = a.width - 8;
      const many = Math.max(1, Math.min(array.buckets, Math.floor((x1 - x0) / 6)));
      const wide = (x1 - x0) / many;
      for (let i = 0; i < many; i++) {
        const middle = (i + 0.5) / many, part = array.parts.find((p) => middle >= p.from && middle < p.to);
        const x = x0 + i * wide, w = Math.max(1, wide - Math.min(1.5, wide / 4));
        g.fillStyle = colour("grid"); g.fillRect(x, y0, w, y1 - y0);
        if (!part || !(part.load > 0)) continue;
        const tall = Math.min(1, part.load) * (y1 - y0);
        g.fillStyle = colour(part.colour); g.fillRect(x, y1 - tall, w, tall);
        if (part.load > 1) { g.fillStyle = colour("bad"); g.fillRect(x, y0, w, 2); }
      }
      g.fillStyle = colour("ink");
      for (const cursor of array.cursors) {
        const x = x0 + cursor * (x1 - x0);
        g.fillRect(Math.round(x) - 1, y0 - 4, 2, y1 - y0 + 8);
      }
      g.fillStyle = colour("soft"); g.textAlign = "left"; g.fillText(array.name, x0, y1 + 14);
      g.textAlign = "right"; g.fillText(`${array.buckets.toLocaleString("en")} bucket${array.buckets === 1 ? "" : "s"}`, x1, y1 + 14);
    });
  }

  /** The time under the pointer. */
  function timeAt(canvas, event, view) {
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    return share < 0 || share > 1 ? null : view.t0 + share * (view.t1 - view.t0);
  }

  return { areas, bars, heat, strips, timeAt, bytes, duration, count, clock };
})();
