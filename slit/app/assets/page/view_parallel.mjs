// Parallel coordinates on a canvas: an axis an objective, a line a plan, brushes on the axes.
import { plans as it } from "./plans.mjs";

const PAD = { top: 58, bottom: 20, side: 64 };
const NARROW = 520;
const ZONE = 20;
const CHUNK = 4000;
const REST = 200;
const FAINT = { light: "rgba(110,122,138,0.14)", dark: "rgba(150,162,178,0.12)" };
let box = null;
let back = null;
let top = null;
let tip = null;
let axes = [];
let token = 0;
let at = null;

function ready() { return box && box.isConnected && box.clientWidth > 0; }

function build() {
  const found = document.getElementById("parallel");
  if (!found) return;
  const first = box !== found;
  box = found;
  box.textContent = "";
  back = it.make("canvas", "lines", box);
  top = it.make("canvas", "lines", box);
  tip = it.make("div", "tip", box);
  tip.hidden = true;
  axes = it.front.axes.map(buildAxis);
  marks();
  if (!first) return;
  box.addEventListener("pointermove", hover);
  box.addEventListener("pointerleave", function () { at = null; it.setHover(-1); });
  box.addEventListener("click", function (event) {
    if (!event.target.closest(".zone, .handle, .range")) it.press(nearest(event));
  });
  new ResizeObserver(function () { if (ready() && it.front) draw(); }).observe(box);
}

function buildAxis(_axis, m) {
  const zone = it.make("div", "zone", box);
  const title = it.make("div", "axis-title", box);
  const name = it.make("span", "", title);
  const ticks = [1, 0.75, 0.5, 0.25, 0].map(function (share) {
    const tick = it.make("div", "tick", box);
    return { share: share, element: tick };
  });
  const range = it.make("div", "range", box);
  const ends = [0, 1].map(function (end) { return handle(m, end); });
  zone.addEventListener("pointerdown", function (event) { startBrush(event, m); });
  range.addEventListener("pointerdown", function (event) { startBrush(event, m); });
  return { zone: zone, title: title, name: name, ticks: ticks, range: range, ends: ends };
}

function marks() {
  const legend = document.getElementById("marks");
  legend.textContent = "";
  it.front.marks.forEach(function (mark, _n) {
    const button = it.make("button", "mark", legend);
    button.type = "button";
    button.dataset.press = "plan";
    button.dataset.key = it.key(mark.row);
    it.sample(mark, button);
    it.make("span", "", button).textContent = mark.name;
    ["pointerenter", "focus"].forEach(function (kind) {
      button.addEventListener(kind, function () { it.setHover(mark.row); });
    });
    ["pointerleave", "blur"].forEach(function (kind) {
      button.addEventListener(kind, function () { it.setHover(-1); });
    });
  });
}

// Places.

function across(m) {
  const count = it.front.axes.length;
  const width = box.clientWidth - 2 * PAD.side;
  return count > 1 ? PAD.side + (m * width) / (count - 1) : box.clientWidth / 2;
}

function up(m, value) {
  const axis = it.front.axes[m];
  const share = it.share(m, value, axis.low, axis.high);
  const height = box.clientHeight - PAD.top - PAD.bottom;
  return PAD.top + (1 - Math.min(1.02, Math.max(-0.02, share))) * height;
}

function valueAt(m, y) {
  const axis = it.front.axes[m];
  const share = 1 - (y - PAD.top) / (box.clientHeight - PAD.top - PAD.bottom);
  return it.valueOf(m, Math.min(1, Math.max(0, share)), axis.low, axis.high);
}

// Brushes.

function drags(event, target, move, done) {
  event.preventDefault();
  event.stopPropagation();
  it.dragging = true;
  target.setPointerCapture(event.pointerId);
  function stop() {
    target.removeEventListener("pointermove", move);
    target.removeEventListener("pointerup", stop);
    target.removeEventListener("pointercancel", stop);
    it.dragging = false;
    done();
    it.send(true);
  }
  target.addEventListener("pointermove", move);
  target.addEventListener("pointerup", stop);
  target.addEventListener("pointercancel", stop);
}

function startBrush(event, m) {
  if (event.button) return;
  const edge = box.getBoundingClientRect().top;
  const start = event.clientY - edge;
  let moved = false;
  drags(event, event.currentTarget, function (moving) {
    const y = moving.clientY - edge;
    if (!moved && Math.abs(y - start) < 4) return;
    moved = true;
    const both = [valueAt(m, start), valueAt(m, y)].sort(function (a, b) { return a - b; });
    it.setRanges([{ m: m, low: both[0], high: both[1] }]);
  }, function () {
    if (!moved) it.setRanges([{ m: m, low: null, high: null }]);
  });
}

function handle(m, end) {
  const axis = it.front.axes[m];
  const element = it.make("div", "handle " + (end ? "most" : "least"), box);
  element.tabIndex = 0;
  element.setAttribute("role", "slider");
  element.setAttribute("aria-orientation", "vertical");
  element.setAttribute("aria-label", axis.title + (end ? ": at most" : ": at least"));
  element.setAttribute("aria-valuemin", String(axis.low));
  element.setAttribute("aria-valuemax", String(axis.high));
  function place(value) {
    const now = it.ends(m);
    const least = now[0] === null ? axis.low : now[0];
    const most = now[1] === null ? axis.high : now[1];
    if (end) it.setRanges([{ m: m, low: now[0], high: Math.max(value, least) }]);
    else it.setRanges([{ m: m, low: Math.min(value, most), high: now[1] }]);
  }
  element.addEventListener("pointerdown", function (event) {
    element.focus();
    const edge = box.getBoundingClientRect().top;
    drags(event, element, function (moving) { place(valueAt(m, moving.clientY - edge)); },
      function () { /* nothing to do */ });
  });
  element.addEventListener("keydown", function (event) {
    const now = it.ends(m)[end];
    const from = now === null ? (end ? axis.high : axis.low) : now;
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
    if (event.key in by) {
      const share = it.share(m, from, axis.low, axis.high) + by[event.key] / 100;
      place(it.valueOf(m, Math.min(1, Math.max(0, share)), axis.low, axis.high));
    }
    else if (event.key === "Home") place(axis.low);
    else if (event.key === "End") place(axis.high);
    else if (event.key === "Delete" || event.key === "Escape") {
      it.setRanges([{ m: m, low: null, high: null }]);
    } else return;
    event.preventDefault();
  });
  return element;
}

// Pointing.

function nearest(event) {
  const around = box.getBoundingClientRect();
  const x = event.clientX - around.left;
  const y = event.clientY - around.top;
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
  if (it.dragging || event.target.closest(".zone, .handle, .range")) return;
  const around = box.getBoundingClientRect();
  at = { x: event.clientX - around.left, y: event.clientY - around.top };
  it.setHover(nearest(event));
  it.tip(tip, it.hover, at);
}

function point() {
  if (!at || it.hover < 0) { if (tip) tip.hidden = true; }
  if (ready()) drawTop();
}

// Drawing.

function trace(pen, row) {
  const values = it.front.values;
  if (values.length === 1) {
    const y = up(0, values[0][row]);
    pen.moveTo(across(0) - 12, y);
    pen.lineTo(across(0) + 12, y);
    return;
  }
  pen.moveTo(across(0), up(0, values[0][row]));
  for (let m = 1; m < values.length; m += 1) pen.lineTo(across(m), up(m, values[m][row]));
}

function draw() {
  if (!ready()) return;
  layout();
  drawLines();
  drawTop();
}

function drawLines() {
  const pen = it.prepare(back);
  const count = it.front.values[0].length;
  const outside = [];
  const inside = [];
  // Of many lines an even sample comes first.
  const stride = Math.ceil(count / CHUNK);
  for (let first = 0; first < stride; first += 1) {
    for (let n = first; n < count; n += stride) {
      if (it.mask[n]) inside.push(n);
      else if (it.front.chosen[n]) outside.push(n);
    }
  }
  token += 1;
  const own = token;
  const numbers = it.colors();
  const tints = it.tints();
  const alpha = Math.min(0.75, Math.max(0.06, 14 / Math.sqrt(inside.length + 1)));
  const jobs = [];
  for (let n = 0; n < inside.length; n += CHUNK) jobs.push([inside.slice(n, n + CHUNK), false]);
  for (let n = 0; n < outside.length; n += CHUNK) jobs.push([outside.slice(n, n + CHUNK), true]);
  function bundle(rows, size) {
    // One path a few lines: crossings within one path do not add up.
    for (let k = 0; k < rows.length; k += size) {
      pen.beginPath();
      rows.slice(k, k + size).forEach(function (row) { trace(pen, row); });
      pen.stroke();
    }
  }
  function drawJob(job) {
    pen.lineWidth = 1;
    if (job[1]) {
      pen.globalCompositeOperation = "destination-over";
      pen.strokeStyle = FAINT[it.theme];
      bundle(job[0], CHUNK);
      pen.globalCompositeOperation = "source-over";
    } else {
      const groups = tints.map(function () { return []; });
      job[0].forEach(function (row) { groups[numbers[row]].push(row); });
      pen.globalAlpha = alpha;
      // The best of an objective, which are dark, last and on top.
      for (let n = groups.length - 1; n >= 0; n -= 1) {
        pen.strokeStyle = tints[n];
        bundle(groups[n], groups[n].length < 400 ? 1 : 40);
      }
      pen.globalAlpha = 1;
    }
  }
  function some() {
    let left = CHUNK;
    while (jobs.length && jobs[0][0].length <= left) {
      left -= jobs[0][0].length;
      drawJob(jobs.shift());
    }
    return jobs.length > 0;
  }
  function next() {
    if (own === token && some()) window.requestAnimationFrame(next);
  }
  // The rest once the brush rests: the answer to it comes first.
  if (some()) window.setTimeout(next, REST);
}

function strong(pen, row, style, width, dashes, dots) {
  if (row === null || row === undefined || row < 0) return;
  pen.strokeStyle = style;
  pen.lineWidth = width;
  pen.setLineDash(dashes);
  pen.beginPath();
  trace(pen, row);
  pen.stroke();
  pen.setLineDash([]);
  pen.fillStyle = style;
  it.front.axes.forEach(function (_axis, m) {
    pen.beginPath();
    pen.arc(across(m), up(m, it.front.values[m][row]), dots, 0, 7);
    pen.fill();
  });
}

function drawTop() {
  const pen = it.prepare(top);
  const chosen = it.chosen || {};
  it.front.marks.forEach(function (mark, n) {
    const outside = it.isOutside(mark);
    pen.globalAlpha = outside ? 0.25 : 1;
    strong(pen, mark.row, mark.color, 1.8, it.DASHES[mark.role] || [], 3);
    const button = document.getElementById("marks").children[n];
    if (button) button.classList.toggle("outside", outside);
  });
  pen.globalAlpha = 1;
  strong(pen, chosen.compared, it.COMPARED, 3.5, [8, 4], 4.5);
  strong(pen, chosen.selected, it.theme === "dark" ? "#12171d" : "#ffffff", 6.5, [], 0);
  strong(pen, chosen.selected, it.SELECTED, 3.5, [], 5);
  strong(pen, it.hover, it.INK[it.theme], 2.5, [], 4);
  pen.strokeStyle = it.INK[it.theme];
  pen.lineWidth = 1;
  pen.globalAlpha = 0.55;
  it.front.axes.forEach(function (_axis, m) {
    pen.beginPath();
    pen.moveTo(across(m), PAD.top);
    pen.lineTo(across(m), box.clientHeight - PAD.bottom);
    pen.stroke();
  });
  pen.globalAlpha = 1;
}

function layout() {
  const w = box.clientWidth;
  const bottom = box.clientHeight - PAD.bottom;
  PAD.top = w < NARROW ? 84 : 58;
  PAD.side = w < NARROW ? 44 : 64;
  const count = it.front.axes.length;
  const width = count > 1 ? (w - 2 * PAD.side) / (count - 1) : w;
  axes.forEach(function (parts, m) {
    const x = across(m);
    const axis = it.front.axes[m];
    const wide = Math.min(width - 6, 170);
    parts.name.textContent = axis.title + " (" + axis.unit + (it.isLog(m) ? ", log)" : ")");
    const start = Math.min(Math.max(0, x - wide / 2), Math.max(0, w - wide));
    parts.title.style.cssText = "left:" + start + "px;width:" + wide + "px;text-align:" +
      (start < 1 ? "left" : start > w - wide - 1 ? "right" : "center");
    parts.zone.style.cssText = "left:" + (x - ZONE) + "px;width:" + 2 * ZONE + "px;top:" +
      (PAD.top - 8) + "px;height:" + (bottom - PAD.top + 16) + "px";
    parts.ticks.forEach(function (tick) {
      const y = PAD.top + (1 - tick.share) * (bottom - PAD.top);
      tick.element.textContent = it.short(it.valueOf(m, tick.share, axis.low, axis.high));
      tick.element.style.cssText = "top:" + (y - 8) + "px;right:" + (w - x + 7) + "px";
    });
    const now = it.ends(m);
    const low = up(m, now[0] === null ? axis.low : now[0]);
    const high = up(m, now[1] === null ? axis.high : now[1]);
    parts.range.style.cssText =
      "left:" + (x - 7) + "px;top:" + high + "px;height:" + (low - high) + "px";
    parts.range.hidden = now[0] === null && now[1] === null;
    [low, high].forEach(function (y, end) {
      const value = now[end] === null ? (end ? axis.high : axis.low) : now[end];
      const element = parts.ends[end];
      element.style.cssText = "left:" + (x - 12) + "px;top:" + (y - (end ? 10 : 0)) + "px";
      element.setAttribute("aria-valuenow", String(value));
      element.setAttribute("aria-valuetext", it.short(value) + " " + axis.unit);
    });
  });
}

it.views.push({ ready: ready, build: build, draw: draw, point: point });
