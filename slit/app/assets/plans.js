"use strict";
// The plans as the scripts of the page share them: which remain, which is pointed at.
window.dash_clientside = window.dash_clientside || {};
window.slitPlans = (function () {
  const INK = { light: "#1d2630", dark: "#e4e8ee" };
  const SEND_MILLISECONDS = 70;
  const views = [];
  const it = {
    front: null, chosen: null, theme: "light", ranges: {}, mask: null, hover: -1,
    dragging: false, views: views, INK: INK, SELECTED: "#d55e00", COMPARED: "#0072b2",
    DASHES: { baseline: [7, 4], rival: [2, 3] },
  };
  let sent = 0;
  let waiting = null;
  let frame = 0;
  let shown = "";
  let drawn = null;

  it.make = function (name, className, parent) {
    const element = document.createElement(name);
    element.className = className;
    parent.appendChild(element);
    return element;
  };

  it.short = function (value) {
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en-US");
    if (size === 0) return "0";
    return String(Number(value.toPrecision(4)));
  };

  it.key = function (row) {
    return it.front.keys ? it.front.keys[row] : "0:" + it.front.plans[row];
  };

  it.tint = function (n) { return it.front.colors[n % it.front.colors.length]; };

  // Places on an axis are shares of it: of values, or of their logarithms.
  it.isLog = function (m) {
    const axis = it.front.axes[m];
    const scale = (it.chosen && it.chosen.scale) || "auto";
    return scale === "auto" ? axis.wide : scale === "log" && axis.positive;
  };

  it.toScale = function (m, value) { return it.isLog(m) ? Math.log10(Math.max(value, 1e-300)) : value; };

  it.fromScale = function (m, place) { return it.isLog(m) ? Math.pow(10, place) : place; };

  it.share = function (m, value, low, high) {
    const first = it.toScale(m, low);
    const last = it.toScale(m, high);
    return last > first ? (it.toScale(m, value) - first) / (last - first) : 0;
  };

  it.valueOf = function (m, share, low, high) {
    if (share === 0 || share === 1) return share ? high : low;
    const first = it.toScale(m, low);
    return it.fromScale(m, first + share * (it.toScale(m, high) - first));
  };

  // Named plans.

  it.isOutside = function (mark) { return !it.mask || !it.mask[mark.row]; };

  it.symbol = function (pen, mark, x, y, size) {
    pen.globalAlpha = it.isOutside(mark) ? 0.3 : 1;
    pen.lineWidth = 1.4;
    pen.lineJoin = "round";
    pen.strokeStyle = it.INK[it.theme];
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
  it.sample = function (mark, parent) {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    picture.setAttribute("viewBox", "-17 -9 34 18");
    picture.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", "M-17 0H17");
    line.setAttribute("stroke", mark.color);
    line.setAttribute("stroke-width", "3");
    if (mark.role in it.DASHES) line.setAttribute("stroke-dasharray", it.DASHES[mark.role].join(" "));
    const shape = document.createElementNS(space, "polygon");
    shape.setAttribute("points", mark.outline.map(function (corner) {
      return 7.5 * corner[0] + "," + 7.5 * corner[1];
    }).join(" "));
    shape.setAttribute("fill", mark.color);
    picture.appendChild(line);
    picture.appendChild(shape);
    parent.appendChild(picture);
  };

  it.axis = function (name) {
    return Math.max(0, it.front.axes.findIndex(function (axis) { return axis.name === name; }));
  };

  it.tints = function () { return it.byRun() ? it.front.colors : it.front.sequence; };

  it.byRun = function () { return Boolean(it.chosen && it.chosen.color === "run" && it.front.run); };

  // The color of each row as a number into `tints`, computed once for a coloring.
  let colored = { by: null, front: null, numbers: null };
  it.colors = function () {
    const by = it.chosen ? it.chosen.color : it.front.axes[0].name;
    if (colored.by === by && colored.front === it.front) return colored.numbers;
    const count = it.front.values[0].length;
    const numbers = new Uint8Array(count);
    if (it.byRun()) {
      for (let n = 0; n < count; n += 1) numbers[n] = it.front.run[n] % it.front.colors.length;
    } else {
      const m = it.axis(by);
      const stops = it.front.axes[m].stops;
      const values = it.front.values[m];
      for (let n = 0; n < count; n += 1) {
        let k = 0;
        while (k < stops.length - 1 && values[n] > (stops[k] + stops[k + 1]) / 2) k += 1;
        numbers[n] = k;
      }
    }
    colored = { by: by, front: it.front, numbers: numbers };
    return numbers;
  };

  it.ends = function (m) { return it.ranges[it.front.axes[m].name] || [null, null]; };

  function filter() {
    const values = it.front.values;
    const count = values[0].length;
    const mask = Uint8Array.from(it.front.chosen);
    it.front.axes.forEach(function (axis, m) {
      const low = it.ends(m)[0];
      const high = it.ends(m)[1];
      if (low === null && high === null) return;
      const column = values[m];
      for (let n = 0; n < count; n += 1) {
        // Values are rounded for the screen: so are the comparisons.
        const slack = 1e-6 * Math.abs(column[n]);
        if (low !== null && column[n] < low - slack) mask[n] = 0;
        if (high !== null && column[n] > high + slack) mask[n] = 0;
      }
    });
    it.mask = mask;
  }

  it.setRanges = function (changes) {
    changes.forEach(function (change) {
      const axis = it.front.axes[change.m];
      const least = change.low !== null && change.low > axis.low ? change.low : null;
      const most = change.high !== null && change.high < axis.high ? change.high : null;
      if (least === null && most === null) delete it.ranges[axis.name];
      else it.ranges[axis.name] = [least, most];
    });
    filter();
    // Asked first, drawn while the answer is on its way.
    it.send(false);
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(it.draw);
  };

  it.send = function (now) {
    window.clearTimeout(waiting);
    const since = Date.now() - sent;
    if (!now && since < SEND_MILLISECONDS) {
      waiting = window.setTimeout(function () { it.send(true); }, SEND_MILLISECONDS - since);
      return;
    }
    sent = Date.now();
    const ranges = JSON.parse(JSON.stringify(it.ranges));
    window.dash_clientside.set_props("brush", { data: { ranges: ranges, n: sent } });
  };

  it.press = function (row) {
    if (row < 0) return;
    window.dash_clientside.set_props("pressed", {
      data: { what: "plan", key: it.key(row), n: Date.now() },
    });
  };

  it.setHover = function (row) {
    if (row === it.hover) return;
    it.hover = row;
    views.forEach(function (view) { view.point(); });
  };

  it.tip = function (tip, row, at) {
    tip.hidden = row < 0;
    if (row < 0) return;
    tip.textContent = "";
    const named = it.front.marks.find(function (mark) { return mark.row === row; });
    const run = it.front.run ? ", " + it.front.labels[it.front.run[row]] : "";
    it.make("strong", "", tip).textContent =
      "plan " + it.front.plans[row] + (named ? ", " + named.name : run);
    it.front.axes.forEach(function (axis, m) {
      it.make("div", "", tip).textContent =
        axis.title + ": " + it.short(it.front.values[m][row]) + " " + axis.unit;
    });
    const box = tip.parentElement;
    tip.style.left = Math.max(0, Math.min(at.x + 14, box.clientWidth - tip.offsetWidth - 4)) + "px";
    tip.style.top = Math.max(0, at.y - tip.offsetHeight - 10) + "px";
  };

  it.prepare = function (canvas) {
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
    const chosen = it.chosen || {};
    return JSON.stringify([it.ranges, chosen.color, chosen.x, chosen.y, chosen.scale, it.theme, shown]);
  }

  it.draw = function () {
    drawn = look();
    views.forEach(function (view) { if (view.ready()) view.draw(); });
  };

  function legend(box) {
    box.textContent = "";
    if (it.byRun()) {
      it.front.labels.forEach(function (name, n) { swatch(box, it.tint(n), name); });
      return;
    }
    const axis = it.front.axes[it.axis(it.chosen ? it.chosen.color : "")];
    it.make("span", "unit", box).textContent = axis.title + " (" + axis.unit + ")";
    it.front.sequence.forEach(function (tint, n) { swatch(box, tint, it.short(axis.stops[n])); });
  }

  function swatch(box, tint, text) {
    const entry = it.make("span", "swatch", box);
    it.make("span", "sample", entry).style.background = tint;
    entry.appendChild(document.createTextNode(text));
  }

  function plans(front, chosen, theme, view) {
    if (!front || !document.getElementById("parallel")) return window.dash_clientside.no_update;
    const anew = it.front !== front;
    it.front = front;
    it.chosen = chosen;
    it.theme = theme || "light";
    shown = view;
    if (chosen && !it.dragging) it.ranges = JSON.parse(JSON.stringify(chosen.ranges));
    views.forEach(function (view) { if (anew || !view.ready()) view.build(); });
    filter();
    if (!anew && look() === drawn) {
      views.forEach(function (each) { each.point(); });
    } else {
      legend(document.getElementById("legend"));
      it.draw();
    }
    return String(it.mask.reduce(function (sum, inside) { return sum + inside; }, 0));
  }

  window.dash_clientside.slit = Object.assign(window.dash_clientside.slit || {}, { plans: plans });
  return it;
})();
