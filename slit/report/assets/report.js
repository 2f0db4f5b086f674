"use strict";
(function () {
  const templates = JSON.parse(document.getElementById("templates").textContent);
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 600px)");
  const hovers = window.matchMedia("(hover: hover)");
  const touch = window.matchMedia("(pointer: coarse)");
  const drawn = new Map();
  const PAGE = 900;

  let printing = null;

  function theme() { return root.dataset.theme; }

  function setTheme(name) {
    root.dataset.theme = name;
    const button = document.getElementById("theme");
    button.textContent = name === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(name === "dark"));
    redraw();
  }

  function redraw() {
    drawn.forEach(function (spec, div) { if (div.offsetParent) show(div, spec); });
  }

  // On a phone, axes that stand side by side lie above one another: x and y change places.
  function turned(spec) {
    const layout = Object.assign({}, spec.layout);
    const names = layout.xaxis.ticktext;
    const count = names.length;
    const first = spec.layout.annotations[0].font;
    const titles = names.map(function (name, m) {
      return {
        x: 0, y: m, text: "<b>" + name.replace(/<br>/g, " ") + "</b>", showarrow: false,
        xanchor: "left", yanchor: "bottom", yshift: 10,
      };
    });
    const ticks = spec.layout.annotations.map(function (tick) {
      const anchor = tick.y === 0 ? "left" : tick.y === 1 ? "right" : "center";
      return {
        x: tick.y, y: tick.x, text: tick.text, showarrow: false, font: first,
        xanchor: anchor, yanchor: "top", yshift: -8,
      };
    });
    layout.annotations = titles.concat(ticks);
    layout.xaxis = Object.assign({}, spec.layout.yaxis, { range: [-0.03, 1.03], fixedrange: true });
    layout.yaxis = {
      tickvals: layout.xaxis.tickvals || spec.layout.xaxis.tickvals,
      showticklabels: false, gridcolor: spec.layout.xaxis.gridcolor, zeroline: false,
      range: [count - 0.6, -0.5], fixedrange: true,
    };
    layout.legend = Object.assign({}, layout.legend, { y: -0.01 });
    layout.margin = { l: 4, r: 4, t: 4, b: 4 };
    layout.height = 96 * count + 24 * Math.ceil(spec.data.length / 2);
    const data = spec.data.map(function (trace) {
      return Object.assign({}, trace, { x: trace.y, y: trace.x });
    });
    return { data: data, layout: layout };
  }

  function show(div, whole) {
    const turns = narrow.matches && !printing && (whole.layout.meta || {}).turns;
    const spec = turns ? turned(whole) : whole;
    const layout = Object.assign({}, spec.layout, { template: templates[theme()], autosize: true });
    const scroller = div.parentElement;
    scroller.classList.toggle("turned", Boolean(turns));
    const scrolls = scroller.classList.contains("wide-drawing");
    if (narrow.matches && !scrolls) layout.height = Math.round(spec.layout.height * 1.15);
    if (printing) layout.height = Math.min(spec.layout.height, PAGE);
    if (touch.matches) layout.dragmode = false;
    div.style.height = layout.height + "px";
    Plotly.react(div, spec.data, layout, {
      responsive: true, displaylogo: false,
      displayModeBar: hovers.matches ? "hover" : false,
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
      toImageButtonOptions: { format: "svg", filename: div.id },
    });
  }

  function draw(div) {
    if (drawn.has(div)) return;
    const spec = JSON.parse(document.getElementById(div.dataset.figure).textContent);
    drawn.set(div, spec);
    show(div, spec);
  }

  // Paper: light, as wide as a page, every figure that is not hidden drawn, every table open.
  function beginPrint() {
    if (printing) return;
    printing = { theme: theme(), closed: Array.from(document.querySelectorAll("details:not([open])")) };
    printing.closed.forEach(function (each) { each.open = true; });
    root.classList.add("printing");
    root.dataset.theme = "light";
    document.querySelectorAll("[data-figure]").forEach(function (div) {
      if (!div.offsetParent) return;
      if (drawn.has(div)) show(div, drawn.get(div));
      else draw(div);
    });
  }

  function endPrint() {
    if (!printing) return;
    const before = printing;
    printing = null;
    before.closed.forEach(function (each) { each.open = false; });
    root.classList.remove("printing");
    root.dataset.theme = before.theme;
    redraw();
  }

  window.addEventListener("beforeprint", beginPrint);
  window.addEventListener("afterprint", endPrint);
  window.matchMedia("print").addEventListener("change", function (media) {
    if (media.matches) beginPrint();
    else endPrint();
  });
  narrow.addEventListener("change", redraw);

  const watcher = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) { watcher.unobserve(entry.target); draw(entry.target); }
    });
  }, { rootMargin: "500px" });

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", function () { setTheme(dark.matches ? "dark" : "light"); });
  document.getElementById("theme").addEventListener("click", function () {
    setTheme(theme() === "dark" ? "light" : "dark");
  });
  document.querySelectorAll("[data-figure]").forEach(function (div) { watcher.observe(div); });

  const plan = document.getElementById("plan");
  if (plan) {
    plan.addEventListener("change", function () {
      document.querySelectorAll("article.plan").forEach(function (article) {
        article.hidden = article.id !== plan.value;
      });
      redraw();
      hints();
    });
  }

  // As slit.display.percent writes it.
  function percent(change) {
    const size = Math.abs(change);
    if (size < 0.05) return change ? "0.0 %" : "0 %";
    const digits = size >= 999.95 ? 0 : 1;
    const text = size.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (change < 0 ? "\u2212" : "+") + text + " %";
  }

  function changes() {
    const table = document.getElementById("picks-table");
    if (!table) return;
    const select = document.getElementById("reference");
    const rows = Array.from(table.tBodies[0].rows);
    const against = document.getElementById("against");
    if (against && select) against.textContent = select.value;
    function values(row) {
      return Array.from(row.querySelectorAll("[data-value]"), function (cell) {
        return Number(cell.dataset.value);
      });
    }
    const base = rows.find(function (row) {
      return select && row.querySelector("[data-pick]").dataset.pick === select.value;
    });
    rows.forEach(function (row) {
      const own = values(row);
      row.classList.toggle("reference", row === base);
      row.querySelectorAll("[data-change]").forEach(function (cell) {
        const m = Number(cell.dataset.change);
        const against = base ? values(base)[m] : NaN;
        const change = 100 * (own[m] / against - 1);
        const known = against > 0;
        cell.textContent = known ? percent(change) : "\u2013";
        cell.classList.toggle("good", known && change <= -0.05);
        cell.classList.toggle("bad", known && change >= 0.05);
      });
    });
  }
  const reference = document.getElementById("reference");
  if (reference) reference.addEventListener("change", changes);
  changes();

  // What is wider than its place says so.
  function hints() {
    document.querySelectorAll(".wide, .scroll").forEach(function (box) {
      box.classList.toggle("more", box.scrollWidth > box.clientWidth + 1);
    });
  }
  new ResizeObserver(hints).observe(document.body);
})();
