// Makes a form of each question in openapi.json, asks it, and shows the answer as text: nothing of it is ever read as HTML.
"use strict";

const SHOWN = 200_000; // characters of an answer; the rest is in the file that can be saved

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

function field(parameter, id) {
  const schema = parameter.schema.items ?? parameter.schema;
  const words = schema.type === "boolean" ? ["true", "false"] : schema.enum;
  const common = { id, name: parameter.name, required: parameter.required };
  let input;
  if (words && !parameter.schema.items) {
    input = element("select", common);
    if (!parameter.required) input.append(element("option", { value: "" }, parameter.schema.default === undefined ? "" : `(${parameter.schema.default})`));
    for (const word of words) input.append(element("option", { value: word }, word));
  } else if (parameter.schema.items) {
    input = element("textarea", { ...common, rows: "1", placeholder: "one a line" });
  } else {
    const type = schema.format === "date" ? "date" : schema.type === "integer" ? "number" : "text";
    const placeholder = parameter.schema.default ?? parameter.example;
    input = element("input", { ...common, type, min: schema.minimum, max: schema.maximum, placeholder, autocomplete: "off" });
  }
  return element("div", { class: "field" }, element("label", { for: id }, parameter.name), input,
    element("span", { class: "meaning" }, parameter.description));
}

function addressOf(path, parameters, form) {
  const query = new URLSearchParams();
  let filled = path;
  for (const parameter of parameters) {
    const text = form.elements[parameter.name].value;
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(text));
    else for (const value of parameter.schema.items ? text.split("\n") : [text]) if (value !== "") query.append(parameter.name, value);
  }
  const asked = query.toString();
  return filled.replace(/^\/api\//, "") + (asked && `?${asked}`); // relative: a proxy may have put a folder in front
}

// What turns the direction of reading stands as its code, which is the same JSON.
function visible(text) {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

async function shown(response) {
  const type = response.headers.get("content-type") ?? "";
  const saved = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "");
  const body = await response.blob();
  const parts = [];
  if (saved) {
    parts.push(element("p", {}, element("a", { href: URL.createObjectURL(body), download: saved[1] }, `Save ${saved[1]}`)));
  }
  if (/json|^text\//.test(type)) {
    const text = await body.text();
    const whole = visible(/json/.test(type) ? JSON.stringify(JSON.parse(text), null, 2) : text);
    parts.push(element("pre", { tabindex: "0" }, whole.slice(0, SHOWN)));
    if (whole.length > SHOWN) parts.push(element("p", {}, `The first ${SHOWN} of ${whole.length} characters are shown.`));
  }
  return parts;
}

async function ask(address, answer) {
  const key = document.getElementById("key").value;
  const link = element("a", { href: address }, address);
  answer.replaceChildren(element("p", { role: "status" }, "Asking…"));
  try {
    const response = await fetch(address, { headers: key ? { Authorization: `Bearer ${key}` } : {}, cache: "no-store", credentials: "omit" });
    const status = element("p", { role: "status", class: response.ok ? "" : "failed" }, `${response.status} ${response.statusText} · GET `, link);
    answer.replaceChildren(status, ...(await shown(response)));
  } catch (error) {
    answer.replaceChildren(element("p", { role: "status", class: "failed" }, `No answer: ${error.message}`));
  }
}

function question(path, operation) {
  const parameters = operation.parameters ?? [];
  const answer = element("div", { class: "answer", "aria-live": "polite" });
  const form = element("form", {}, element("p", {}, operation.description),
    ...parameters.map((parameter) => field(parameter, `${operation.operationId}-${parameter.name}`)), element("button", {}, "Ask"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(addressOf(path, parameters, form), answer);
  });
  return element("details", { id: operation.operationId },
    element("summary", {}, element("code", {}, path), " ", element("span", {}, operation.summary)), form, answer);
}

async function start() {
  const questions = document.getElementById("questions");
  try {
    const api = await (await fetch("openapi.json")).json();
    document.getElementById("key-row").hidden = !api.components.securitySchemes;
    questions.replaceChildren(...Object.entries(api.paths).map(([path, { get }]) => question(path, get)));
  } catch (error) {
    questions.replaceChildren(element("p", { class: "failed" }, `The description cannot be read: ${error.message}`));
  }
}

start();
