"use strict";
/* The editor of SQL: colours, names to insert, Ctrl+Enter, and a formatter that is loaded when it is asked for. */
(() => {
  const area = document.getElementById("sql-editor");
  if (!area) return;
  const form = area.form;
  const PARTS = new RegExp([
    "(?<comment>--[^\\n]*|/\\*[^]*?(?:\\*/|$))",
    "(?<string>'(?:[^']|'')*'?)",
    "(?<parameter>[:@$]\\w+)",
    "(?<number>\\b\\d+(?:\\.\\d+)?\\b)",
    "(?<keyword>\\b(?:select|from|where|and|or|not|in|is|null|like|glob|match|between|exists|case|when|then|else|end|as|on|join|left|inner|outer|cross|using|group|by|having|order|asc|desc|limit|offset|distinct|union|all|except|intersect|with|recursive|over|partition|filter|window|rows|values|explain|cast|collate)\\b)",
  ].join("|"), "gi");

  const behind = document.createElement("pre");
  behind.setAttribute("aria-hidden", "true");
  area.parentElement.classList.add("coloured");
  area.before(behind);

  function colour() {
    const text = area.value;
    const parts = document.createDocumentFragment();
    let at = 0;
    for (const found of text.matchAll(PARTS)) {
      parts.append(text.slice(at, found.index));
      const span = document.createElement("span");
      span.className = Object.entries(found.groups).find(([, value]) => value !== undefined)[0];
      span.textContent = found[0];
      parts.append(span);
      at = found.index + found[0].length;
    }
    parts.append(text.slice(at) + "\n");
    behind.replaceChildren(parts);
  }

  function insert(text) {
    area.focus();
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  }

  for (const name of document.querySelectorAll(".sql-names p code, .sql-names summary code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "name";
    button.textContent = name.textContent;
    button.title = "Insert " + name.textContent;
    button.addEventListener("click", () => insert(name.textContent));
    if (name.parentElement.tagName === "SUMMARY") {
      const first = name.parentElement.nextElementSibling;
      button.textContent = "insert “" + name.textContent + "”";
      first.prepend(button, " ");
    } else {
      name.replaceWith(button);
    }
  }

  area.addEventListener("input", colour);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  const format = document.getElementById("sql-format");
  format.hidden = false;
  format.addEventListener("click", () => {
    const apply = () => {
      area.value = window.sqlFormatter.format(area.value);
      area.dispatchEvent(new Event("input"));
    };
    if (window.sqlFormatter) return apply();
    const script = document.createElement("script");
    script.src = format.dataset.script;
    script.addEventListener("load", apply);
    document.head.append(script);
  });
  colour();
})();
