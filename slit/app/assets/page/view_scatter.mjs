// The scatter of two objectives on a canvas: press a point to select, drag a box to brush.
import { plans as it } from "./plans.mjs";

const PAD = { left: 84, right: 16, top: 12, bottom: 50 };
const NEAR = 12;
const MANY = 20000;
const REST = 300;
let box = null;
let points = null;
let top = null;
let tip = null;
let zoom = null;
let at = null;
let area = null;
let drag = null;
let later = null;

function ready() { return box && box.isConnected && box.clientWidth > 0; }

function build() {
  const found = document.getElementById("scatter");
  if (!found) return;
  if (box !== found) {
    box = found;
    box.textContent = "";
    points = it.make("canvas", "lines", box);
    top = it.make("canvas", "lines", box);
    tip = it.make("div", "tip", box);
    tip.hidden = true;
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerdown", start);
    box.addEventListener("pointerup", stop);
    box.addEventListener("pointercancel", function () { drag = null; drawTop(); });
    box.addEventListener("pointerleave", function () { if (!drag) { at = null; it.setHover(-1); } });
    box.addEventListener("dblclick", clear);
    new ResizeObserver(function () { if (ready() && it.front) draw(); }).observe(box);
    zoom = document.querySelector("#zoom input");
    if (zoom) zoom.addEventListener("change", draw);
  }
}

function columns() {
  const chosen = it.chosen || {};
  return [it.axis(chosen.x), it.axis(chosen.y)];
}

function span(m) {
  const axis = it.front.axes[m];
  let low = axis.low;
  let high = axis.high;
  if (zoom && zoom.checked) {
    const column = it.front.values[m];
    let least = Infinity;
    let most = -Infinity;
    for (let n = 0; n < column.length; n += 1) {
      if (it.mask[n]) {
        if (column[n] < least) least = column[n];
        if (column[n] > most) most = column[n];
      }
    }
    if (most >= least) { low = least; high = most; }
  }
  const ends = [it.toScale(m, low), it.toScale(m, high)];
  const pad = (ends[1] > ends[0] ? ends[1] - ends[0] : Math.abs(ends[1]) || 1) * 0.05;
  return [it.fromScale(m, ends[0] - pad), it.fromScale(m, ends[1] + pad)];
}

function measure() {
  const both = columns();
  area = {
    m: both, x: span(both[0]), y: span(both[1]),
    left: box.clientWidth < 520 ? 76 : PAD.left, right: box.clientWidth - PAD.right,
    top: PAD.top, bottom: box.clientHeight - PAD.bottom,
  };
}

function across(value) {
  return area.left + it.share(area.m[0], value, area.x[0], area.x[1]) * (area.right - area.left);
}

function up(value) {
  return area.bottom - it.share(area.m[1], value, area.y[0], area.y[1]) * (area.bottom - area.top);
}

function valueAt(x, y) {
  const shareX = (x - area.left) / (area.right - area.left);
  const shareY = (area.bottom - y) / (area.bottom - area.top);
  return [
    it.valueOf(area.m[0], shareX, area.x[0], area.x[1]),
    it.valueOf(area.m[1], shareY, area.y[0], area.y[1]),
  ];
}

function logTicks(ends) {
  const found = [];
  const first = Math.floor(Math.log10(ends[0]));
  const last = Math.ceil(Math.log10(ends[1]));
  const steps = last - first > 4 ? [1] : last - first > 2 ? [1, 3] : [1, 2, 5];
  for (let power = first; power <= last; power += 1) {
    steps.forEach(function (step) {
      const value = step * 10 ** power;
      if (value >= ends[0] && value <= ends[1]) found.push(value);
    });
  }
  return found;
}

function ticks(m, ends, count) {
  const decades = it.isLog(m) ? logTicks(ends) : [];
  if (decades.length > 1) return decades;
  const rough = (ends[1] - ends[0]) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(function (n) { return power * n >= rough; });
  const found = [];
  for (let k = Math.ceil(ends[0] / step); k * step <= ends[1]; k += 1) found.push(k * step);
  return found;
}

// Many points once the brush rests: the answer to it comes first.
function draw() {
  window.clearTimeout(later);
  if (ready() && it.front.values[0].length > MANY) later = window.setTimeout(drawAll, REST);
  else drawAll();
}

function drawAll() {
  if (!ready()) return;
  measure();
  const pen = it.prepare(points);
  frame(pen);
  const x = it.front.values[area.m[0]];
  const y = it.front.values[area.m[1]];
  const numbers = it.colors();
  const count = x.length;
  const radius = count > 20000 ? 1.6 : count > 3000 ? 2.4 : 3.6;
  pen.save();
  pen.beginPath();
  pen.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  pen.clip();
  pen.fillStyle = it.theme === "dark" ? "rgba(150,162,178,0.16)" : "rgba(110,122,138,0.18)";
  for (let n = 0; n < count; n += 1) {
    if (!it.mask[n] && it.front.chosen[n]) dot(pen, across(x[n]), up(y[n]), radius);
  }
  pen.globalAlpha = count > 3000 ? 0.7 : 0.85;
  const groups = it.tints().map(function () { return []; });
  for (let n = 0; n < count; n += 1) if (it.mask[n]) groups[numbers[n]].push(n);
  groups.forEach(function (rows, tint) {
    pen.fillStyle = it.tints()[tint];
    rows.forEach(function (n) { dot(pen, across(x[n]), up(y[n]), radius); });
  });
  pen.restore();
  drawTop();
}

function dot(pen, x, y, radius) {
  if (radius < 2) {
    pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    return;
  }
  pen.beginPath();
  pen.arc(x, y, radius, 0, 6.2832);
  pen.fill();
}

function frame(pen) {
  const style = window.getComputedStyle(box);
  pen.font = "12px " + style.fontFamily;
  pen.fillStyle = it.INK[it.theme];
  pen.strokeStyle = it.theme === "dark" ? "#343d49" : "#e2e7ed";
  pen.lineWidth = 1;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  ticks(area.m[0], area.x, box.clientWidth < 520 ? 4 : 7).forEach(function (value) {
    const x = across(value);
    line(pen, x, area.top, x, area.bottom);
    pen.fillText(it.short(Number(value.toPrecision(12))), x, area.bottom + 5);
  });
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  ticks(area.m[1], area.y, 6).forEach(function (value) {
    const y = up(value);
    line(pen, area.left, y, area.right, y);
    pen.fillText(it.short(Number(value.toPrecision(12))), area.left - 6, y);
  });
  const names = area.m.map(function (m) {
    return it.front.axes[m].title + " (" + it.front.axes[m].unit + (it.isLog(m) ? ", log)" : ")");
  });
  pen.font = "600 13px " + style.fontFamily;
  pen.textAlign = "center";
  pen.textBaseline = "bottom";
  pen.fillText(names[0], (area.left + area.right) / 2, box.clientHeight - 4);
  pen.save();
  pen.translate(2, (area.top + area.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "top";
  pen.fillText(names[1], 0, 0);
  pen.restore();
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function drawTop() {
  if (!ready() || !area) return;
  const pen = it.prepare(top);
  const x = it.front.values[area.m[0]];
  const y = it.front.values[area.m[1]];
  pen.save();
  pen.beginPath();
  pen.rect(area.left - 12, area.top - 12, area.right - area.left + 24, area.bottom - area.top + 24);
  pen.clip();
  it.front.marks.forEach(function (mark) {
    it.symbol(pen, mark, across(x[mark.row]), up(y[mark.row]), 7);
  });
  const chosen = it.chosen || {};
  ring(pen, chosen.compared, it.COMPARED, 12, [5, 3]);
  ring(pen, chosen.selected, it.SELECTED, 10, []);
  if (it.hover >= 0) ring(pen, it.hover, it.INK[it.theme], 7, []);
  if (drag && drag.moved) {
    pen.strokeStyle = it.INK[it.theme];
    pen.setLineDash([4, 3]);
    pen.strokeRect(drag.x, drag.y, drag.toX - drag.x, drag.toY - drag.y);
  }
  pen.restore();
}

function ring(pen, row, tint, radius, dashes) {
  if (row === null || row === undefined || row < 0) return;
  pen.strokeStyle = tint;
  pen.lineWidth = 3;
  pen.setLineDash(dashes);
  pen.beginPath();
  pen.arc(across(it.front.values[area.m[0]][row]), up(it.front.values[area.m[1]][row]), radius, 0, 6.2832);
  pen.stroke();
  pen.setLineDash([]);
}

// Pointing.

function place(event) {
  const around = box.getBoundingClientRect();
  return { x: event.clientX - around.left, y: event.clientY - around.top };
}

function nearest(where) {
  const x = it.front.values[area.m[0]];
  const y = it.front.values[area.m[1]];
  let best = -1;
  let distance = NEAR * NEAR;
  function look(n, bonus) {
    const dx = across(x[n]) - where.x;
    const dy = up(y[n]) - where.y;
    const far = dx * dx + dy * dy - bonus;
    if (far < distance) { distance = far; best = n; }
  }
  for (let n = 0; n < x.length; n += 1) if (it.mask[n]) look(n, 0);
  it.front.marks.forEach(function (mark) { look(mark.row, 16); });
  return best;
}

function move(event) {
  if (!area) return;
  at = place(event);
  if (drag) {
    drag.toX = at.x;
    drag.toY = at.y;
    drag.moved = drag.moved || Math.abs(at.x - drag.x) + Math.abs(at.y - drag.y) > 6;
    drawTop();
    return;
  }
  it.setHover(nearest(at));
  it.tip(tip, it.hover, at);
}

function start(event) {
  if (event.button || event.pointerType === "touch") return;
  const where = place(event);
  drag = { x: where.x, y: where.y, toX: where.x, toY: where.y, moved: false };
  box.setPointerCapture(event.pointerId);
}

function stop(event) {
  const box_ = drag;
  drag = null;
  if (!box_ || !box_.moved) {
    it.press(nearest(place(event)));
    return;
  }
  const a = valueAt(Math.min(box_.x, box_.toX), Math.max(box_.y, box_.toY));
  const b = valueAt(Math.max(box_.x, box_.toX), Math.min(box_.y, box_.toY));
  const changes = [{ m: area.m[0], low: a[0], high: b[0] }];
  if (area.m[1] !== area.m[0]) changes.push({ m: area.m[1], low: a[1], high: b[1] });
  it.setRanges(changes);
}

function clear() {
  it.setRanges(area.m.map(function (m) { return { m: m, low: null, high: null }; }));
}

function point() {
  if (!at || it.hover < 0) { if (tip) tip.hidden = true; }
  drawTop();
}

it.views.push({ ready: ready, build: build, draw: draw, point: point });
