// Keys for the archive's pages. Everything works without them; they only move the focus and follow links.
// j, k: next and previous article · o: open it · /: search · s: save or follow · n: note · ?: help
(() => {
  "use strict";
  const STORE = "dateline-keys";
  const KEYS = [
    ["j", "Go to the next article of the page"],
    ["k", "Go to the article before"],
    ["o", "Open the article"],
    ["/", "Search"],
    ["s", "Follow this story, save this search, or add an outlet"],
    ["n", "Write a note"],
    ["?", "Show this help"],
  ];

  const stored = () => {
    try {
      return localStorage.getItem(STORE);
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  let on = stored() !== "off";

  const isShown = (element) => element.getClientRects().length > 0;

  // a field of a dialog that was just closed keeps the focus for a moment
  const isTyping = (target) =>
    target instanceof Element &&
    target.closest("input, textarea, select, [contenteditable], dialog") !== null &&
    isShown(target);

  // one link for each article in a list: the first of each item
  const articleLinks = () => {
    const seen = new Set();
    return [...document.querySelectorAll("main li a[href], main tr a[href]")].filter((link) => {
      const item = link.closest("li, tr");
      if (!/\/articles\/\d+$/.test(link.pathname) || link.closest("svg") || !isShown(link) || seen.has(item)) {
        return false;
      }
      seen.add(item);
      return true;
    });
  };

  const step = (by) => {
    const links = articleLinks();
    if (!links.length) return;
    const item = document.activeElement?.closest("li, tr");
    const at = links.findIndex((link) => link === document.activeElement || link.closest("li, tr") === item);
    const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
    const link = links[Math.max(0, Math.min(links.length - 1, next))];
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "center", behavior: "instant" });
  };

  const open = () => {
    const link = document.activeElement;
    if (link instanceof HTMLAnchorElement && articleLinks().includes(link)) link.click();
  };

  const focusField = (place) => {
    if (!place) return;
    if (place instanceof HTMLDetailsElement) place.open = true;
    const field = place.matches("input") ? place : place.querySelector("textarea, input:not([type=hidden]), select");
    (field || place).focus();
    field?.select?.();
  };

  const dialog = document.createElement("dialog");
  const build = () => {
    const title = document.createElement("h2");
    title.id = "keys-title";
    title.textContent = "Keyboard";
    const list = document.createElement("dl");
    for (const [key, meaning] of KEYS) {
      const name = document.createElement("dt");
      const box = document.createElement("kbd");
      box.textContent = key;
      name.append(box);
      const text = document.createElement("dd");
      text.textContent = meaning;
      list.append(name, text);
    }
    const label = document.createElement("label");
    const check = document.createElement("input");
    check.type = "checkbox";
    check.checked = on;
    check.addEventListener("change", () => {
      on = check.checked;
      try {
        localStorage.setItem(STORE, on ? "on" : "off");
      } catch {
        // it holds for this page then
      }
    });
    label.append(check, " Use these keys in this browser");
    const close = document.createElement("button");
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.className = "keys";
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.append(title, list, label, close);
    document.body.append(dialog);
  };
  const help = () => {
    if (!dialog.isConnected) build();
    if (!dialog.open) dialog.showModal();
  };

  const ACTIONS = {
    j: () => step(1),
    k: () => step(-1),
    o: open,
    "/": () => focusField(document.querySelector("input[type=search]")),
    s: () => focusField(document.querySelector("[data-key=s]")),
    n: () => focusField(document.querySelector("[data-key=n]")),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target)) return;
    const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const list = document.querySelector("footer .inline");
    if (!list) return;
    const button = document.createElement("button");
    button.className = "plain";
    button.type = "button";
    button.textContent = "Keyboard";
    button.addEventListener("click", help);
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
  });
})();
