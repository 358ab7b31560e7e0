// Runs the script of a report over its data, in a page of as many elements as it asks for, and does what a reader does.
"use strict";
const fs = require("fs");
const [, , scriptFile, dataFile] = process.argv;

class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], textContent: "", className: "", value: "", hidden: true, listeners: {} });
  }
  append(...parts) { this.children.push(...parts); }
  replaceChildren(...parts) { this.children = parts; }
  addEventListener(name, listener) { this.listeners[name] = listener; }
  querySelectorAll() { return this.children; }
}
const elements = {};
for (const id of ["concept-data", "concept-word", "concept-order", "concept-found", "concept-rows", "concept-more", "concepts"])
  elements[id] = new Element(id);
elements["concept-data"].textContent = fs.readFileSync(dataFile, "utf8");
elements["concept-order"].value = "common";
elements["concept-more"].parentElement = new Element("p");
const search = new Element("div");
elements["concepts"].append(search);
global.document = { getElementById: (id) => elements[id], createElement: (tag) => new Element(tag) };
eval(fs.readFileSync(scriptFile, "utf8"));

const state = () => ({
  names: elements["concept-rows"].children.map((line) => line.children[0].textContent),
  first: elements["concept-rows"].children[0]?.children.map((cell) => cell.textContent),
  found: elements["concept-found"].textContent,
  more: !elements["concept-more"].parentElement.hidden,
  visible: !search.hidden,
});
const states = [state()];
for (const [word, order, more] of JSON.parse(process.argv[4])) {
  elements["concept-word"].value = word;
  elements["concept-order"].value = order;
  const began = process.hrtime.bigint();
  elements["concept-word"].listeners.input();
  if (more) elements["concept-more"].listeners.click();
  states.push({ ...state(), secs: Number(process.hrtime.bigint() - began) / 1e9 });
}
console.log(JSON.stringify(states));
