// The plans as the scripts of the page share them: which remain, which is pointed at.
import {
  colorsOfRuns, colorsOfValues, fromScale, remaining, shareOf, short, toScale, valueAt,
} from "./numbers.mjs";

const INK = { light: "#1d2630", dark: "#e4e8ee" };
const SEND_MILLISECONDS = 70;
const views = [];
export const plans = {
  front: null, chosen: null, theme: "light", ranges: {}, mask: null, hover: -1,
  dragging: false, views: views, INK: INK, SELECTED: "#d55e00", COMPARED: "#0072b2",
  DASHES: { baseline: [7, 4], rival: [2, 3] },
};
let sent = 0;
let waiting = null;
let frame = 0;
let shown = "";
let drawn = null;

plans.make = function (name, className, parent) {
  const element = document.createElement(name);
  element.className = className;
  parent.appendChild(element);
  return element;
};

plans.short = short;

plans.key = function (row) {
  return plans.front.keys ? plans.front.keys[row] : "0:" + plans.front.plans[row];
};

plans.tint = function (n) { return plans.front.colors[n % plans.front.colors.length]; };

// Places on an axis are shares of it: of values, or of their logarithms.
plans.isLog = function (m) {
  const axis = plans.front.axes[m];
  const scale = (plans.chosen && plans.chosen.scale) || "auto";
  return scale === "auto" ? axis.wide : scale === "log" && axis.positive;
};

plans.toScale = function (m, value) { return toScale(value, plans.isLog(m)); };

plans.fromScale = function (m, place) { return fromScale(place, plans.isLog(m)); };

plans.share = function (m, value, low, high) { return shareOf(value, low, high, plans.isLog(m)); };

plans.valueOf = function (m, share, low, high) { return valueAt(share, low, high, plans.isLog(m)); };

// Named plans.

plans.isOutside = function (mark) { return !plans.mask || !plans.mask[mark.row]; };

plans.symbol = function (pen, mark, x, y, size) {
  pen.globalAlpha = plans.isOutside(mark) ? 0.3 : 1;
  pen.lineWidth = 1.4;
  pen.lineJoin = "round";
  pen.strokeStyle = plans.INK[plans.theme];
  pen.fillStyle = mark.color;
  pen.beginPath();
  mark.outline.forEach(function (corner, k) {
    if (k) pen.lineTo(x + size * corner[0], y + size * corner[1]);
    else pen.moveTo(x + size * corner[0], y + size * corner[1]);
  });
  pen.closePath();
  pen.fill();
  pen.stroke();
  pen.globalAlpha = 1;
};

// The line and the symbol of a named plan, as a picture for its button.
plans.sample = function (mark, parent) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "-17 -9 34 18");
  picture.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", "M-17 0H17");
  line.setAttribute("stroke", mark.color);
  line.setAttribute("stroke-width", "3");
  if (mark.role in plans.DASHES) line.setAttribute("stroke-dasharray", plans.DASHES[mark.role].join(" "));
  const shape = document.createElementNS(space, "polygon");
  shape.setAttribute("points", mark.outline.map(function (corner) {
    return 7.5 * corner[0] + "," + 7.5 * corner[1];
  }).join(" "));
  shape.setAttribute("fill", mark.color);
  picture.appendChild(line);
  picture.appendChild(shape);
  parent.appendChild(picture);
};

plans.axis = function (name) {
  return Math.max(0, plans.front.axes.findIndex(function (axis) { return axis.name === name; }));
};

plans.tints = function () { return plans.byRun() ? plans.front.colors : plans.front.sequence; };

plans.byRun = function () { return Boolean(plans.chosen && plans.chosen.color === "run" && plans.front.run); };

// The color of each row as a number into `tints`, computed once for a coloring.
let colored = { by: null, front: null, numbers: null };
plans.colors = function () {
  const by = plans.chosen ? plans.chosen.color : plans.front.axes[0].name;
  if (colored.by === by && colored.front === plans.front) return colored.numbers;
  const numbers = plans.byRun()
    ? colorsOfRuns(plans.front)
    : colorsOfValues(plans.front, plans.axis(by));
  colored = { by: by, front: plans.front, numbers: numbers };
  return numbers;
};

plans.ends = function (m) { return plans.ranges[plans.front.axes[m].name] || [null, null]; };

function filter() { plans.mask = remaining(plans.front, plans.ranges); }

plans.setRanges = function (changes) {
  changes.forEach(function (change) {
    const axis = plans.front.axes[change.m];
    const least = change.low !== null && change.low > axis.low ? change.low : null;
    const most = change.high !== null && change.high < axis.high ? change.high : null;
    if (least === null && most === null) delete plans.ranges[axis.name];
    else plans.ranges[axis.name] = [least, most];
  });
  filter();
  // Asked first, drawn while the answer is on its way.
  plans.send(false);
  window.cancelAnimationFrame(frame);
  frame = window.requestAnimationFrame(plans.draw);
};

plans.send = function (now) {
  window.clearTimeout(waiting);
  const since = Date.now() - sent;
  if (!now && since < SEND_MILLISECONDS) {
    waiting = window.setTimeout(function () { plans.send(true); }, SEND_MILLISECONDS - since);
    return;
  }
  sent = Date.now();
  const ranges = JSON.parse(JSON.stringify(plans.ranges));
  window.dash_clientside.set_props("brush", { data: { ranges: ranges, n: sent } });
};

plans.press = function (row) {
  if (row < 0) return;
  window.dash_clientside.set_props("pressed", {
    data: { what: "plan", key: plans.key(row), n: Date.now() },
  });
};

plans.setHover = function (row) {
  if (row === plans.hover) return;
  plans.hover = row;
  views.forEach(function (view) { view.point(); });
};

plans.tip = function (tip, row, at) {
  tip.hidden = row < 0;
  if (row < 0) return;
  tip.textContent = "";
  const named = plans.front.marks.find(function (mark) { return mark.row === row; });
  const run = plans.front.run ? ", " + plans.front.labels[plans.front.run[row]] : "";
  plans.make("strong", "", tip).textContent =
    "plan " + plans.front.plans[row] + (named ? ", " + named.name : run);
  plans.front.axes.forEach(function (axis, m) {
    plans.make("div", "", tip).textContent =
      axis.title + ": " + plans.short(plans.front.values[m][row]) + " " + axis.unit;
  });
  const box = tip.parentElement;
  tip.style.left = Math.max(0, Math.min(at.x + 14, box.clientWidth - tip.offsetWidth - 4)) + "px";
  tip.style.top = Math.max(0, at.y - tip.offsetHeight - 10) + "px";
};

plans.prepare = function (canvas) {
  const ratio = window.devicePixelRatio || 1;
  const box = canvas.parentElement;
  const wide = Math.round(box.clientWidth * ratio);
  const high = Math.round(box.clientHeight * ratio);
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, box.clientWidth, box.clientHeight);
  return pen;
};

// All that lines and points depend on, but the front itself.
function look() {
  const chosen = plans.chosen || {};
  return JSON.stringify([plans.ranges, chosen.color, chosen.x, chosen.y, chosen.scale, plans.theme, shown]);
}

plans.draw = function () {
  drawn = look();
  views.forEach(function (view) { if (view.ready()) view.draw(); });
};

function legend(box) {
  box.textContent = "";
  if (plans.byRun()) {
    plans.front.labels.forEach(function (name, n) { swatch(box, plans.tint(n), name); });
    return;
  }
  const axis = plans.front.axes[plans.axis(plans.chosen ? plans.chosen.color : "")];
  plans.make("span", "unit", box).textContent = axis.title + " (" + axis.unit + ")";
  plans.front.sequence.forEach(function (tint, n) { swatch(box, tint, plans.short(axis.stops[n])); });
}

function swatch(box, tint, text) {
  const entry = plans.make("span", "swatch", box);
  plans.make("span", "sample", entry).style.background = tint;
  entry.appendChild(document.createTextNode(text));
}

export function show(front, chosen, theme, view) {
  if (!front || !document.getElementById("parallel")) return window.dash_clientside.no_update;
  const anew = plans.front !== front;
  plans.front = front;
  plans.chosen = chosen;
  plans.theme = theme || "light";
  shown = view;
  if (chosen && !plans.dragging) plans.ranges = JSON.parse(JSON.stringify(chosen.ranges));
  views.forEach(function (view) { if (anew || !view.ready()) view.build(); });
  filter();
  if (!anew && look() === drawn) {
    views.forEach(function (each) { each.point(); });
  } else {
    legend(document.getElementById("legend"));
    plans.draw();
  }
  return String(plans.mask.reduce(function (sum, inside) { return sum + inside; }, 0));
}
