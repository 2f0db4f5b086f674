// What dash calls of the page's scripts; it loads this file alone.
import { address, image, nextHour, play, reload, theme, unfold, views } from "./page/page.mjs";
import { show } from "./page/plans.mjs";
import "./page/view_parallel.mjs";
import "./page/view_scatter.mjs";

window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.slit = {
  address, image, next_hour: nextHour, plans: show, play, reload, theme, unfold, views,
};
