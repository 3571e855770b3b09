// Small helpers for the page's parts.

export const part = (panel, name) => panel.querySelector(`[data-${name}]`);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function options(select, values, chosen = select.value) {
  select.replaceChildren(...values.map((value) => {
    const [key, text] = Array.isArray(value) ? value : [value, value];
    return make("option", { value: key }, text);
  }));
  if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
}

export function slider(input, digits, onInput = () => {}) {
  const show = () => {
    input.parentElement.querySelector("output").textContent = Number(input.value).toFixed(digits);
    onInput(Number(input.value));
  };
  input.addEventListener("input", show);
  show();
}

let hiding = null;

export function complain(error) {
  if (error?.cancelled) return;
  const toast = document.getElementById("toast");
  toast.textContent = error?.message ?? String(error);
  toast.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (toast.hidden = true), 6000);
}
