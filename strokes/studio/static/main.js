// The five tabs: each panel is made when it is first shown, and only the one shown is in the page.

import { browse } from "./browse.js";
import { collect } from "./collect.js";
import { Connection } from "./connection.js";
import { make } from "./dom.js";
import { draw } from "./draw.js";
import { recover } from "./recover.js";
import { style } from "./style.js";

const PANELS = { draw, style, recover, collect, browse };
const made = new Map();
const main = document.getElementById("panel");
const tabs = [...document.querySelectorAll("[role=tab]")];
const connection = new Connection();
let shown = null;

function show(name) {
  if (shown === name) return;
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  main.setAttribute("aria-labelledby", `tab-${name}`);
  shown = name;
  const isNew = !made.has(name);
  if (isNew) {
    const panel = make("div", { class: "panel" });
    panel.append(document.getElementById(name).content.cloneNode(true));
    made.set(name, panel);
  }
  main.replaceChildren(made.get(name));
  if (isNew) PANELS[name](made.get(name), connection);
  else made.get(name).dispatchEvent(new Event("shown"));
  sessionStorage.setItem("tab", name);
}

for (const [place, tab] of tabs.entries()) {
  tab.addEventListener("click", () => show(tab.id.slice(4)));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(place + step + tabs.length) % tabs.length];
    next.focus();
    show(next.id.slice(4));
  });
}

// A file that is dropped anywhere would replace the page.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
}

connection.addEventListener("state", ({ detail }) => {
  const status = document.getElementById("connection");
  status.dataset.state = detail.state;
  status.textContent = detail.words;
});

show(sessionStorage.getItem("tab") in PANELS ? sessionStorage.getItem("tab") : "draw");
