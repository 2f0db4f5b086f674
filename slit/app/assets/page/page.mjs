// What the page does without asking: its theme, its address, keys and names of controls.
const root = document.documentElement;
let presses = 0;
let pressed = null;

document.addEventListener("pointerdown", function () { pressed = null; });
document.addEventListener("click", function (event) {
  const button = event.target.closest("[data-press]");
  if (!button) return;
  presses += 1;
  pressed = button === document.activeElement ? button : null;
  window.dash_clientside.set_props("pressed", {
    data: { what: button.dataset.press, key: button.dataset.key, n: presses },
  });
});

// A table that is drawn anew takes the pressed button away: the one that stands for it is focused.
function keepFocus() {
  if (!pressed || pressed.isConnected || document.activeElement !== document.body) return;
  const others = [...document.querySelectorAll("[data-press='" + pressed.dataset.press + "']")];
  const next = others.find(function (each) { return each.ariaLabel === pressed.ariaLabel; });
  pressed = next || null;
  if (next) next.focus({ preventScroll: true });
}

document.addEventListener("keydown", function (event) {
  const panel = event.key === "Escape" && event.target.closest("details.downloads[open]");
  if (!panel || event.target.closest("[aria-expanded=true]")) return;
  panel.open = false;
  panel.querySelector("summary").focus();
});

// Dash names a dropdown after its value alone: its label comes before that.
function nameDropdowns() {
  document.querySelectorAll("button.dash-dropdown[id]:not([data-named])").forEach(function (found) {
    const label = document.querySelector("label[for='" + found.id + "']");
    if (!label) return;
    label.id = label.id || found.id + "-label";
    found.setAttribute("aria-labelledby", label.id + " " + found.getAttribute("aria-labelledby"));
    found.dataset.named = "";
  });
}

// What only a pointer can use is no stop of the tabulator.
function passModeBars() {
  document.querySelectorAll(".modebar-btn:not([tabindex='-1'])").forEach(function (button) {
    button.tabIndex = -1;
  });
}

// Handles of sliders, and the inputs beside them, are called what their group is.
function nameSliders() {
  const found = document.querySelectorAll(
    "[role=group][aria-label] [role=slider]:not([aria-label]), " +
    "[role=group][aria-label] input[type=number]:not([aria-label])");
  found.forEach(function (element) {
    const group = element.closest("[role=group][aria-label]");
    element.setAttribute("aria-label", group.getAttribute("aria-label"));
  });
}

// Says where a table is wider than its place: it scrolls sideways.
const widths = new ResizeObserver(function (entries) {
  entries.forEach(function (entry) { hint(entry.target); });
});

function hint(box) {
  box.classList.toggle("scrolls", box.scrollWidth > box.clientWidth + 1);
}

function hintScrolls() {
  document.querySelectorAll(".wide").forEach(function (box) {
    if (!box.dataset.watched) {
      box.dataset.watched = "";
      widths.observe(box);
    }
    hint(box);
  });
}

new MutationObserver(function () {
  hintScrolls();
  nameSliders();
  nameDropdowns();
  passModeBars();
  keepFocus();
}).observe(document.documentElement, { childList: true, subtree: true });

function remembered() {
  try { return window.localStorage.getItem("slit-theme"); } catch (_error) { return null; }
}

// Details of the selected plan are open where there is room for them above the chart.
export function unfold() { return window.innerWidth > 900; }

export function theme(clicks) {
  let name = root.dataset.theme;
  if (!clicks) {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    name = remembered() || (dark ? "dark" : "light");
  } else {
    name = name === "dark" ? "light" : "dark";
    try { window.localStorage.setItem("slit-theme", name); } catch (_error) { /* private */ }
  }
  root.dataset.theme = name;
  return [name, name === "dark" ? "Light" : "Dark", String(name === "dark")];
}

export function address(query) {
  if (query === undefined || query === null) return window.dash_clientside.no_update;
  window.history.replaceState(null, "", window.location.pathname + query);
  return "";
}

export function views(view) {
  return [view !== "front", view !== "plan", view !== "compare"];
}

export function play(clicks) {
  const playing = Boolean(clicks) && clicks % 2 === 1;
  return [!playing, playing ? "Pause" : "Play", String(playing)];
}

export function nextHour(_ticks, hour, most) {
  return hour >= most ? 1 : hour + 1;
}

export function image(said) {
  if (!said) return window.dash_clientside.no_update;
  const status = document.getElementById("download-status");
  const drawn = document.querySelector("#" + said.figure + " .js-plotly-plot");
  const source = said.drawing || drawn;
  if (!source || !source.data) {
    status.textContent = "This figure is not drawn yet: open its view first.";
    return "";
  }
  status.textContent = "";
  const paper = window.getComputedStyle(document.body).backgroundColor;
  const layout = Object.assign({}, source.layout, { paper_bgcolor: paper, autosize: false });
  const size = drawn ? drawn.getBoundingClientRect() : { width: 1000, height: 540 };
  let tries = 0;
  function save() {
    if (!window.Plotly) {
      tries += 1;
      if (tries < 100) window.setTimeout(save, 100);
      return;
    }
    window.Plotly.downloadImage({ data: source.data, layout: layout }, {
      format: said.format, filename: "slit-" + said.figure,
      width: Math.max(700, Math.round(size.width)), height: Math.max(300, Math.round(size.height)),
    });
  }
  save();
  return "";
}

export function reload(over) {
  if (over) window.setTimeout(function () { window.location.assign("/"); }, 800);
  return window.dash_clientside.no_update;
}
