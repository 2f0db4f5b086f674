"use strict";
(function () {
  const templates = JSON.parse(document.getElementById("templates").textContent);
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 600px)");
  const hovers = window.matchMedia("(hover: hover)");
  const touch = window.matchMedia("(pointer: coarse)");
  const drawn = new Map();

  function theme() { return root.dataset.theme; }

  function setTheme(name) {
    root.dataset.theme = name;
    const button = document.getElementById("theme");
    button.textContent = name === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(name === "dark"));
    drawn.forEach(function (spec, div) { show(div, spec); });
  }

  function show(div, spec) {
    const layout = Object.assign({}, spec.layout, { template: templates[theme()], autosize: true });
    const scrolls = div.parentElement.classList.contains("wide-drawing");
    if (narrow.matches && !scrolls) layout.height = Math.round(spec.layout.height * 1.15);
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
})();
