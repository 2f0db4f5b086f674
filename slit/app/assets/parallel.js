"use strict";
// Parallel coordinates on a canvas: an axis an objective, a line a plan, brushes on the axes.
window.dash_clientside = window.dash_clientside || {};
(function () {
  const PAD = { top: 58, bottom: 20, side: 64 };
  const NARROW = 520;
  const ZONE = 20;
  const CHUNK = 4000;
  const SELECTED = "#d55e00";
  const COMPARED = "#0072b2";
  const INK = { light: "#1d2630", dark: "#e4e8ee" };
  const FAINT = { light: "rgba(110,122,138,0.14)", dark: "rgba(150,162,178,0.12)" };
  const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

  const it = {
    front: null, chosen: null, theme: "light", ranges: {}, dragging: null, box: null,
    mask: null, token: 0, hover: -1, sent: 0, waiting: null,
  };

  function make(name, className, parent) {
    const element = document.createElement(name);
    element.className = className;
    parent.appendChild(element);
    return element;
  }

  function short(value) {
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en-US");
    if (size === 0) return "0";
    return String(Number(value.toPrecision(4)));
  }

  function build(box) {
    box.textContent = "";
    it.box = box;
    it.back = make("canvas", "lines", box);
    it.top = make("canvas", "lines", box);
    it.tip = make("div", "tip", box);
    it.tip.hidden = true;
    it.axes = it.front.axes.map(function (axis, m) {
      const zone = make("div", "zone", box);
      const title = make("div", "axis-title", box);
      make("span", "", title).textContent = axis.title + " (" + axis.unit + ")";
      const ticks = [1, 0.75, 0.5, 0.25, 0].map(function (share) {
        const tick = make("div", "tick", box);
        tick.textContent = short(axis.low + share * (axis.high - axis.low));
        return { share: share, element: tick };
      });
      const range = make("div", "range", box);
      const ends = [0, 1].map(function (end) { return handle(box, m, end); });
      zone.addEventListener("pointerdown", function (event) { startBrush(event, m); });
      range.addEventListener("pointerdown", function (event) { startBrush(event, m); });
      return { zone: zone, title: title, ticks: ticks, range: range, ends: ends };
    });
    it.legend = box.parentElement.querySelector(".marks") || make("div", "marks", box.parentElement);
    box.after(it.legend);
    legend();
    box.addEventListener("pointermove", hover);
    box.addEventListener("pointerleave", function () { setHover(-1); });
    box.addEventListener("click", press);
    new ResizeObserver(function () { draw(); }).observe(box);
  }

  function legend() {
    it.legend.textContent = "";
    it.front.marks.forEach(function (mark, n) {
      const button = make("button", "mark", it.legend);
      button.type = "button";
      button.dataset.press = "plan";
      button.dataset.key = key(mark.row);
      const sample = make("span", "sample", button);
      sample.style.borderTop = "3px " + (dash(mark).length ? "dashed " : "solid ") + tint(n);
      button.appendChild(document.createTextNode(mark.name));
      button.addEventListener("pointerenter", function () { setHover(mark.row); });
      button.addEventListener("pointerleave", function () { setHover(-1); });
      button.addEventListener("focus", function () { setHover(mark.row); });
      button.addEventListener("blur", function () { setHover(-1); });
    });
  }

  function key(row) {
    return it.front.keys ? it.front.keys[row] : "0:" + it.front.plans[row];
  }

  function tint(n) { return it.front.colors[n % it.front.colors.length]; }

  function dash(mark) {
    return mark.role === "baseline" ? DASHES[1] : mark.role === "rival" ? DASHES[2] : DASHES[0];
  }

  // Places.

  function size() { return { w: it.box.clientWidth, h: it.box.clientHeight }; }

  function across(m) {
    const count = it.front.axes.length;
    const width = size().w - 2 * PAD.side;
    return count > 1 ? PAD.side + (m * width) / (count - 1) : size().w / 2;
  }

  function up(m, value) {
    const axis = it.front.axes[m];
    const share = axis.high > axis.low ? (value - axis.low) / (axis.high - axis.low) : 0;
    const height = size().h - PAD.top - PAD.bottom;
    return PAD.top + (1 - Math.min(1.02, Math.max(-0.02, share))) * height;
  }

  function valueAt(m, y) {
    const axis = it.front.axes[m];
    const height = size().h - PAD.top - PAD.bottom;
    const share = 1 - (y - PAD.top) / height;
    return axis.low + Math.min(1, Math.max(0, share)) * (axis.high - axis.low);
  }

  // Which plans remain.

  function filter() {
    const values = it.front.values;
    const count = values[0].length;
    const mask = new Uint8Array(count);
    const limits = it.front.axes.map(function (axis) { return it.ranges[axis.name] || [null, null]; });
    for (let n = 0; n < count; n += 1) {
      let inside = it.front.chosen[n];
      for (let m = 0; m < limits.length && inside; m += 1) {
        const low = limits[m][0];
        const high = limits[m][1];
        // Values are rounded for the screen: so are the comparisons.
        const slack = 1e-6 * Math.abs(values[m][n]);
        if (low !== null && values[m][n] < low - slack) inside = 0;
        if (high !== null && values[m][n] > high + slack) inside = 0;
      }
      mask[n] = inside;
    }
    it.mask = mask;
  }

  // Brushes.

  function ends(m) { return it.ranges[it.front.axes[m].name] || [null, null]; }

  function setEnds(m, low, high) {
    const axis = it.front.axes[m];
    const least = low !== null && low > axis.low ? low : null;
    const most = high !== null && high < axis.high ? high : null;
    if (least === null && most === null) delete it.ranges[axis.name];
    else it.ranges[axis.name] = [least, most];
    filter();
    draw();
    send(false);
  }

  function send(now) {
    window.clearTimeout(it.waiting);
    const since = Date.now() - it.sent;
    if (!now && since < 70) {
      it.waiting = window.setTimeout(function () { send(true); }, 75 - since);
      return;
    }
    it.sent = Date.now();
    const ranges = JSON.parse(JSON.stringify(it.ranges));
    window.dash_clientside.set_props("brush", { data: { ranges: ranges, n: it.sent } });
  }

  function startBrush(event, m) {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    const top = it.box.getBoundingClientRect().top;
    const start = event.clientY - top;
    let moved = false;
    it.dragging = m;
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    function move(moving) {
      const y = moving.clientY - top;
      if (!moved && Math.abs(y - start) < 4) return;
      moved = true;
      const both = [valueAt(m, start), valueAt(m, y)].sort(function (a, b) { return a - b; });
      setEnds(m, both[0], both[1]);
    }
    function stop() {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", stop);
      target.removeEventListener("pointercancel", stop);
      it.dragging = null;
      if (!moved) setEnds(m, null, null);
      send(true);
    }
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", stop);
    target.addEventListener("pointercancel", stop);
  }

  function handle(box, m, end) {
    const axis = it.front.axes[m];
    const element = make("div", "handle " + (end ? "most" : "least"), box);
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-orientation", "vertical");
    element.setAttribute("aria-label", axis.title + (end ? ": at most" : ": at least"));
    element.setAttribute("aria-valuemin", String(axis.low));
    element.setAttribute("aria-valuemax", String(axis.high));
    function place(value) {
      const now = ends(m);
      if (end) setEnds(m, now[0], Math.max(value, now[0] === null ? axis.low : now[0]));
      else setEnds(m, Math.min(value, now[1] === null ? axis.high : now[1]), now[1]);
    }
    element.addEventListener("pointerdown", function (event) {
      event.preventDefault();
      event.stopPropagation();
      element.focus();
      const top = box.getBoundingClientRect().top;
      it.dragging = m;
      element.setPointerCapture(event.pointerId);
      function move(moving) { place(valueAt(m, moving.clientY - top)); }
      function stop() {
        element.removeEventListener("pointermove", move);
        element.removeEventListener("pointerup", stop);
        it.dragging = null;
        send(true);
      }
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", stop);
    });
    element.addEventListener("keydown", function (event) {
      const now = ends(m)[end];
      const from = now === null ? (end ? axis.high : axis.low) : now;
      const step = (axis.high - axis.low) / 100;
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
      if (event.key in by) place(Math.min(axis.high, Math.max(axis.low, from + by[event.key] * step)));
      else if (event.key === "Home") place(axis.low);
      else if (event.key === "End") place(axis.high);
      else if (event.key === "Delete" || event.key === "Escape") setEnds(m, null, null);
      else return;
      event.preventDefault();
    });
    return element;
  }

  // Pointing.

  function nearest(event) {
    const place = it.box.getBoundingClientRect();
    const x = event.clientX - place.left;
    const y = event.clientY - place.top;
    const count = it.front.axes.length;
    let best = -1;
    let distance = 9;
    let m = 0;
    while (m < count - 2 && x > across(m + 1)) m += 1;
    const second = Math.min(m + 1, count - 1);
    const left = across(m);
    const right = across(second);
    if (x < left - 12 || x > right + 12) return -1;
    const share = right > left ? (x - left) / (right - left) : 0;
    const a = it.front.values[m];
    const b = it.front.values[second];
    function look(n) {
      const off = Math.abs((1 - share) * up(m, a[n]) + share * up(second, b[n]) - y);
      if (off < distance) { distance = off; best = n; }
    }
    for (let n = 0; n < a.length; n += 1) if (it.mask[n]) look(n);
    it.front.marks.forEach(function (mark) { look(mark.row); });
    return best;
  }

  function hover(event) {
    if (it.dragging !== null || event.target.closest(".zone, .handle, .range")) return;
    const row = nearest(event);
    const place = it.box.getBoundingClientRect();
    it.at = { x: event.clientX - place.left, y: event.clientY - place.top };
    setHover(row);
  }

  function setHover(row) {
    const same = row === it.hover;
    it.hover = row;
    it.tip.hidden = row < 0 || !it.at;
    if (row >= 0 && it.at) {
      it.tip.textContent = "";
      const named = it.front.marks.find(function (mark) { return mark.row === row; });
      const head = make("strong", "", it.tip);
      head.textContent = "plan " + it.front.plans[row] + (named ? ", " + named.name : "");
      it.front.axes.forEach(function (axis, m) {
        const line = make("div", "", it.tip);
        line.textContent = axis.title + ": " + short(it.front.values[m][row]) + " " + axis.unit;
      });
      const left = Math.min(it.at.x + 14, size().w - it.tip.offsetWidth - 4);
      it.tip.style.left = Math.max(0, left) + "px";
      it.tip.style.top = Math.max(0, it.at.y - it.tip.offsetHeight - 10) + "px";
    }
    if (!same) drawTop();
  }

  function press(event) {
    if (event.target.closest(".zone, .handle, .range")) return;
    const row = nearest(event);
    if (row < 0) return;
    window.dash_clientside.set_props("pressed", {
      data: { what: "plan", key: key(row), n: Date.now() },
    });
  }

  // Drawing.

  function prepare(canvas) {
    const ratio = window.devicePixelRatio || 1;
    const area = size();
    if (canvas.width !== Math.round(area.w * ratio) || canvas.height !== Math.round(area.h * ratio)) {
      canvas.width = Math.round(area.w * ratio);
      canvas.height = Math.round(area.h * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, area.w, area.h);
    return pen;
  }

  function color(row) {
    const by = it.chosen ? it.chosen.color : it.front.axes[0].name;
    if (by === "run" && it.front.run) return it.front.run[row] % it.front.colors.length;
    const m = Math.max(0, it.front.axes.findIndex(function (axis) { return axis.name === by; }));
    const stops = it.front.axes[m].stops;
    const value = it.front.values[m][row];
    let n = 0;
    while (n < stops.length - 1 && value > (stops[n] + stops[n + 1]) / 2) n += 1;
    return n;
  }

  function trace(pen, row) {
    const count = it.front.axes.length;
    if (count === 1) {
      const y = up(0, it.front.values[0][row]);
      pen.moveTo(across(0) - 12, y);
      pen.lineTo(across(0) + 12, y);
      return;
    }
    pen.moveTo(across(0), up(0, it.front.values[0][row]));
    for (let m = 1; m < count; m += 1) pen.lineTo(across(m), up(m, it.front.values[m][row]));
  }

  function draw() {
    if (!it.box || !size().w || !it.front) return;
    layout();
    drawLines();
    drawTop();
  }

  function drawLines() {
    const pen = prepare(it.back);
    const count = it.front.values[0].length;
    const left = [];
    const inside = [];
    for (let n = 0; n < count; n += 1) {
      if (it.mask[n]) inside.push(n);
      else if (it.front.chosen[n]) left.push(n);
    }
    it.token += 1;
    const token = it.token;
    const byRun = it.chosen && it.chosen.color === "run" && it.front.run;
    const tints = byRun ? it.front.colors : it.front.sequence;
    const alpha = Math.min(0.75, Math.max(0.06, 14 / Math.sqrt(inside.length + 1)));
    const jobs = [];
    for (let n = 0; n < left.length; n += CHUNK) jobs.push([left.slice(n, n + CHUNK), true]);
    for (let n = 0; n < inside.length; n += CHUNK) jobs.push([inside.slice(n, n + CHUNK), false]);
    function next() {
      if (token !== it.token || !jobs.length) return;
      const job = jobs.shift();
      pen.lineWidth = 1;
      if (job[1]) {
        pen.globalAlpha = 1;
        pen.strokeStyle = FAINT[it.theme];
        pen.beginPath();
        job[0].forEach(function (row) { trace(pen, row); });
        pen.stroke();
      } else {
        const groups = tints.map(function () { return []; });
        job[0].forEach(function (row) { groups[color(row)].push(row); });
        pen.globalAlpha = alpha;
        groups.forEach(function (rows, n) {
          pen.strokeStyle = tints[n];
          // One path a line: crossings of one path would not add up.
          if (rows.length < 600) {
            rows.forEach(function (row) { pen.beginPath(); trace(pen, row); pen.stroke(); });
          } else {
            for (let k = 0; k < rows.length; k += 40) {
              pen.beginPath();
              rows.slice(k, k + 40).forEach(function (row) { trace(pen, row); });
              pen.stroke();
            }
          }
        });
        pen.globalAlpha = 1;
      }
      if (jobs.length) window.requestAnimationFrame(next);
    }
    next();
  }

  function strong(pen, row, style, width, dashes, dots) {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.setLineDash(dashes);
    pen.beginPath();
    trace(pen, row);
    pen.stroke();
    pen.setLineDash([]);
    if (!dots) return;
    pen.fillStyle = style;
    it.front.axes.forEach(function (axis, m) {
      pen.beginPath();
      pen.arc(across(m), up(m, it.front.values[m][row]), dots, 0, 7);
      pen.fill();
    });
  }

  function drawTop() {
    const pen = prepare(it.top);
    it.front.marks.forEach(function (mark, n) {
      strong(pen, mark.row, tint(n), 1.8, dash(mark), 3);
    });
    if (it.chosen && it.chosen.compared !== null && it.chosen.compared !== undefined) {
      strong(pen, it.chosen.compared, COMPARED, 3.5, [8, 4], 4.5);
    }
    if (it.chosen && it.chosen.selected !== null && it.chosen.selected !== undefined) {
      strong(pen, it.chosen.selected, it.theme === "dark" ? "#12171d" : "#ffffff", 6.5, [], 0);
      strong(pen, it.chosen.selected, SELECTED, 3.5, [], 5);
    }
    if (it.hover >= 0) strong(pen, it.hover, INK[it.theme], 2.5, [], 4);
    const area = size();
    pen.strokeStyle = INK[it.theme];
    pen.lineWidth = 1;
    pen.globalAlpha = 0.55;
    it.front.axes.forEach(function (axis, m) {
      pen.beginPath();
      pen.moveTo(across(m), PAD.top);
      pen.lineTo(across(m), area.h - PAD.bottom);
      pen.stroke();
    });
    pen.globalAlpha = 1;
  }

  function layout() {
    const area = size();
    PAD.top = area.w < NARROW ? 84 : 58;
    PAD.side = area.w < NARROW ? 44 : 64;
    const bottom = area.h - PAD.bottom;
    const count = it.front.axes.length;
    const width = count > 1 ? (area.w - 2 * PAD.side) / (count - 1) : area.w;
    it.axes.forEach(function (parts, m) {
      const x = across(m);
      const axis = it.front.axes[m];
      const wide = Math.min(width - 6, 170);
      const start = Math.min(Math.max(0, x - wide / 2), Math.max(0, area.w - wide));
      parts.title.style.cssText = "left:" + start + "px;width:" + wide + "px;text-align:" +
        (start < 1 ? "left" : start > area.w - wide - 1 ? "right" : "center");
      parts.zone.style.cssText = "left:" + (x - ZONE) + "px;width:" + 2 * ZONE + "px;top:" +
        (PAD.top - 8) + "px;height:" + (bottom - PAD.top + 16) + "px";
      parts.ticks.forEach(function (tick) {
        const y = PAD.top + (1 - tick.share) * (bottom - PAD.top);
        tick.element.style.cssText = "top:" + (y - 8) + "px;right:" + (area.w - x + 7) + "px";
      });
      const now = ends(m);
      const low = up(m, now[0] === null ? axis.low : now[0]);
      const high = up(m, now[1] === null ? axis.high : now[1]);
      parts.range.style.cssText = "left:" + (x - 7) + "px;top:" + high + "px;height:" + (low - high) + "px";
      parts.range.hidden = now[0] === null && now[1] === null;
      [low, high].forEach(function (y, end) {
        const value = now[end] === null ? (end ? axis.high : axis.low) : now[end];
        const element = parts.ends[end];
        element.style.cssText = "left:" + (x - 12) + "px;top:" + (y - (end ? 10 : 0)) + "px";
        element.setAttribute("aria-valuenow", String(value));
        element.setAttribute("aria-valuetext", short(value) + " " + axis.unit);
      });
    });
  }

  function parallel(front, chosen, theme) {
    const box = document.getElementById("parallel");
    if (!front || !box) return window.dash_clientside.no_update;
    const anew = it.front !== front || it.box !== box;
    it.front = front;
    it.chosen = chosen;
    it.theme = theme || "light";
    if (chosen && it.dragging === null) it.ranges = JSON.parse(JSON.stringify(chosen.ranges));
    if (anew) build(box);
    filter();
    draw();
    const remaining = it.mask.reduce(function (sum, inside) { return sum + inside; }, 0);
    return String(remaining);
  }

  window.dash_clientside.slit = Object.assign(window.dash_clientside.slit || {}, {
    parallel: parallel,
  });
})();
