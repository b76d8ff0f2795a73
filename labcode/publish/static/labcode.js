/* Keeps the reader's framework over pages and visits; sphinx-tabs forgets it in a new browser tab.
 * Says beside each date of a result how old it is. Prints what is folded away.
 *
 * Runs in the head, so that the headings for readers without JavaScript never show; the panels of
 * the other framework are hidden as soon as the page is parsed.
 */
(() => {
  "use strict";
  const KEY = "labcode-framework";
  const root = document.documentElement;

  const recall = () => {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden: the choice then holds for this page only
    }
  };
  const remember = (framework) => {
    try {
      window.localStorage.setItem(KEY, framework);
    } catch {
      /* as above */
    }
  };
  const frameworkOf = (element) =>
    [...element.classList].find((name) => name.startsWith("lab-"))?.slice(4);

  root.classList.add("lab-js");
  root.dataset.labFramework = recall() || "pytorch";

  /* In every group that has a tab of this framework, show it and hide the others; the downloads
   * above follow, where the page has tabs to choose with. */
  function choose(framework) {
    root.dataset.labFramework = framework;
    for (const list of document.querySelectorAll(".lab-tabs > [role=tablist]")) {
      const tabs = [...list.querySelectorAll("[role=tab]")];
      const chosen = tabs.find((tab) => frameworkOf(tab) === framework) || tabs[0];
      for (const tab of tabs) {
        tab.setAttribute("aria-selected", String(tab === chosen));
        tab.setAttribute("tabindex", tab === chosen ? "0" : "-1");
        document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
      }
    }
    if (!document.querySelector(".lab-tabs")) return;
    for (const bar of document.querySelectorAll(".lab-bar")) {
      const lines = [...bar.children];
      const chosen = lines.find((line) => frameworkOf(line) === framework) || lines[0];
      for (const line of lines) line.hidden = line !== chosen;
    }
  }

  const UNITS = [
    ["year", 365.25 * 86400],
    ["month", 30.44 * 86400],
    ["week", 7 * 86400],
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];

  /* Beside each date of a result, how long ago that was; a clock that is behind counts as now. */
  function tellAges() {
    const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });
    for (const time of document.querySelectorAll("time.lab-age")) {
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      const unit = UNITS.find(([, length]) => seconds >= length);
      const age = document.createElement("span");
      age.className = "lab-note";
      age.textContent = unit ? words.format(-Math.floor(seconds / unit[1]), unit[0]) : "just now";
      time.after(" ", age);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    choose(root.dataset.labFramework);
    tellAges();
    for (const tab of document.querySelectorAll(".lab-tabs [role=tab]")) {
      tab.addEventListener("click", () => {
        remember(frameworkOf(tab));
        choose(frameworkOf(tab)); // after sphinx-tabs: also the order of focus follows the choice
      });
    }
  });

  // Paper has nothing to click on: hints are printed, and folded again afterwards.
  window.addEventListener("beforeprint", () => {
    for (const hint of document.querySelectorAll("details.lab-hint:not([open])")) {
      hint.open = true;
      hint.classList.add("lab-printed");
    }
  });
  window.addEventListener("afterprint", () => {
    for (const hint of document.querySelectorAll("details.lab-printed")) {
      hint.open = false;
      hint.classList.remove("lab-printed");
    }
  });

  // Another browser tab of the book changed its mind: follow.
  window.addEventListener("storage", (event) => {
    if (event.key === KEY && event.newValue) choose(event.newValue);
  });
})();
