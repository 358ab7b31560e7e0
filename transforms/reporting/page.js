// The list of all concepts: searched and sorted in the page, a few hundred rows of it shown at a time.
"use strict";
(() => {
  const data = document.getElementById("concept-data");
  if (!data) return;
  const { names, langs, before, random, after } = JSON.parse(data.textContent);
  const STEP = 200; // rows shown at once, and as many more at each press: a browser lays out 100,000 for seconds
  const folded = names.map((name) => name.toLowerCase());
  const gain = after.map((count, row) => (before[row] ? count / before[row] : -1));
  const absent = (row) => (before[row] ? 0 : 1);
  const KEYS = {
    common: (one, other) => before[other] - before[one],
    rare: (one, other) => before[one] - before[other],
    gain: (one, other) => gain[other] - gain[one],
  };
  const sorted = {};
  const inOrder = (order) =>
    (sorted[order] ||= names
      .map((_, row) => row)
      .sort((one, other) => absent(one) - absent(other) || KEYS[order](one, other) || one - other));

  const word = document.getElementById("concept-word");
  const order = document.getElementById("concept-order");
  const found = document.getElementById("concept-found");
  const body = document.getElementById("concept-rows");
  const more = document.getElementById("concept-more");
  const number = new Intl.NumberFormat("en");
  let rows = [];
  let shown = 0;

  const cell = (tag, text, style) => {
    const made = document.createElement(tag);
    made.textContent = text; // never as markup: names come from the web
    if (style) made.className = style;
    return made;
  };
  const extend = () => {
    const next = rows.slice(shown, shown + STEP).map((row) => {
      const line = document.createElement("tr");
      line.append(
        cell("th", names[row]),
        cell("td", langs[row], "soft"),
        cell("td", number.format(before[row]), "number"),
        cell("td", number.format(random[row]), "number soft"),
        cell("td", number.format(after[row]), "number strong"),
      );
      return line;
    });
    body.append(...next);
    shown += next.length;
    more.parentElement.hidden = shown >= rows.length;
  };
  const search = () => {
    const wanted = word.value.trim().toLowerCase();
    rows = inOrder(order.value).filter((row) => folded[row].includes(wanted));
    found.textContent = `${number.format(rows.length)} of ${number.format(names.length)}`;
    body.replaceChildren();
    shown = 0;
    extend();
  };

  word.addEventListener("input", search);
  order.addEventListener("change", search);
  more.addEventListener("click", extend);
  for (const part of document.getElementById("concepts").querySelectorAll(".search, .table")) part.hidden = false;
  search();
})();
